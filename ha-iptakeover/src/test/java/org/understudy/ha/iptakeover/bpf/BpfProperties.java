package org.understudy.ha.iptakeover.bpf;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** What the kernel may write, cut off and changed. */
@Tag("property")
class BpfProperties {

    @Property
    void truncated_or_changed_answers_are_read(
            @ForAll @IntRange(max = 100) int which,
            @ForAll @IntRange(max = 4096) int length,
            @ForAll @IntRange(max = 400) int at,
            @ForAll byte value) {
        List<byte[]> seeds = BpfFuzz.seeds();
        byte[] original = seeds.get(which % seeds.size());
        byte[] bytes = Arrays.copyOf(original, Math.min(length, original.length));
        if (at < bytes.length) {
            bytes[at] = value;
        }
        BpfFuzz.fuzzerTestOneInput(bytes);
    }

    @Property
    void any_answers_are_read(@ForAll @Size(max = 300) byte[] bytes) {
        BpfFuzz.fuzzerTestOneInput(bytes);
    }
}
