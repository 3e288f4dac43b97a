package org.understudy.ha.internal.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class HeadAndTailProperties {

    @Property
    void in_whatever_pieces_it_is_written_beginning_and_end_are_kept(
            @ForAll @Size(max = 20) List<@IntRange(min = 0, max = 700) Integer> pieces) {
        HeadAndTail kept = new HeadAndTail();
        StringBuilder all = new StringBuilder();
        for (int length : pieces) {
            StringBuilder piece = new StringBuilder();
            for (int i = 0; i < length; i++) {
                piece.append((char) ('a' + (all.length() + i) % 23));
            }
            all.append(piece);
            byte[] padded = (piece + "???").getBytes(StandardCharsets.US_ASCII);
            kept.write(padded, length);
        }
        if (all.length() <= 1960) {
            assertThat(kept.text()).isEqualTo(all.toString());
        } else {
            assertThat(kept.text())
                    .isEqualTo(all.substring(0, 960) + " … " + (all.length() - 1960) + " bytes … "
                            + all.substring(all.length() - 1000))
                    .hasSizeLessThanOrEqualTo(HeadAndTail.BYTES_MAX);
        }
    }
}
