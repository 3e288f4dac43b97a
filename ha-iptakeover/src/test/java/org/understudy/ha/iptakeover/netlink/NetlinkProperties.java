package org.understudy.ha.iptakeover.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

@Tag("property")
class NetlinkProperties {
    @Property
    void messages_come_back(
            @ForAll @IntRange(max = 0xffff) int type,
            @ForAll @IntRange(max = 0xffff) int flags,
            @ForAll int sequence,
            @ForAll @Size(max = 5) List<@Size(max = 40) byte[]> payloads) {
        List<NetlinkMessage> messages = payloads.stream()
                .map(p -> new NetlinkMessage(type, flags, sequence, 0, p))
                .toList();
        byte[] bytes = NetlinkMessage.encodeAll(messages);
        assertThat(bytes.length % 4).isZero();
        assertThat(NetlinkMessage.decodeAll(bytes, bytes.length)).isEqualTo(messages);
    }

    @Property
    void attributes_come_back(
            @ForAll @IntRange(max = 0x3fff) int type,
            @ForAll boolean nested,
            @ForAll @Size(max = 5) List<@Size(max = 40) byte[]> values) {
        List<NetlinkAttribute> attributes =
                values.stream().map(v -> new NetlinkAttribute(type, nested, v)).toList();
        assertThat(NetlinkAttribute.decodeAll(NetlinkAttribute.encodeAll(attributes), 0))
                .isEqualTo(attributes);
    }

    @Property
    void truncated_or_changed_bytes_are_read_or_refused(
            @ForAll @IntRange(max = 100) int which,
            @ForAll @IntRange(max = 200) int length,
            @ForAll @IntRange(max = 199) int at,
            @ForAll byte value) {
        List<byte[]> seeds = NetlinkFuzz.seeds();
        byte[] original = seeds.get(which % seeds.size());
        byte[] bytes = Arrays.copyOf(original, Math.min(length, original.length));
        if (at < bytes.length) {
            bytes[at] = value;
        }
        NetlinkFuzz.fuzzerTestOneInput(bytes);
    }

    @Property
    void any_bytes_are_read_or_refused(@ForAll @Size(max = 120) byte[] bytes) {
        NetlinkFuzz.fuzzerTestOneInput(bytes);
    }
}
