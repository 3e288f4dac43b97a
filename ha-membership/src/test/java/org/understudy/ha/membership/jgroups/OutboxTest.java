package org.understudy.ha.membership.jgroups;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.membership.jgroups.Outbox.Item;
import org.understudy.ha.membership.refusal.RefusalCounts;

@Timeout(20)
class OutboxTest {
    private final Counters counters = new Counters(new RefusalCounts());
    private final Outbox outbox = new Outbox(counters);

    @Test
    void control_frames_overtake_packets_and_keep_their_order() throws InterruptedException {
        outbox.offer(new Item(Wire.PACKET, new byte[] {9}));
        outbox.offer(new Item(Wire.CONTROL, new byte[] {1}));
        outbox.offer(new Item(Wire.CONTROL, new byte[] {2}));

        assertThat(outbox.poll(0).content()).containsExactly(1);
        assertThat(outbox.poll(0).content()).containsExactly(2);
        assertThat(outbox.poll(0).content()).containsExactly(9);
        assertThat(outbox.poll(0)).isNull();
    }

    @Test
    void too_many_drop_the_oldest() throws InterruptedException {
        for (int i = 0; i < 600; i++) {
            outbox.offer(new Item(Wire.CONTROL, new byte[] {(byte) (i >> 8), (byte) i}));
        }

        assertThat(counters.snapshot().framesDropped()).isEqualTo(88);
        assertThat(outbox.poll(0).content()).containsExactly(0, 88);
    }

    @Test
    void too_many_bytes_drop_the_oldest() {
        for (int i = 0; i < Outbox.BYTES_MAX / Wire.CONTENT_MAX + 1; i++) {
            outbox.offer(new Item(Wire.CONTROL, new byte[Wire.CONTENT_MAX]));
        }

        assertThat(counters.snapshot().framesDropped()).isEqualTo(1);
    }

    @Test
    void the_largest_frame_waits_beside_many_small_ones() throws InterruptedException {
        outbox.offer(new Item(Wire.CONTROL, new byte[Wire.CONTENT_MAX]));
        for (int i = 0; i < 100; i++) {
            outbox.offer(new Item(Wire.CONTROL, new byte[10_000]));
        }

        assertThat(counters.snapshot().framesDropped()).isZero();
        assertThat(outbox.poll(0).content()).hasSize(Wire.CONTENT_MAX);
    }

    @Test
    void a_closed_one_takes_nothing_more() throws InterruptedException {
        outbox.offer(new Item(Wire.CONTROL, new byte[] {1}));
        outbox.close();
        outbox.offer(new Item(Wire.PACKET, new byte[] {2}));

        assertThat(counters.snapshot().packetsDropped()).isEqualTo(1);
        assertThat(outbox.poll(1_000_000_000_000L).content()).containsExactly(1);
        assertThat(outbox.poll(1_000_000_000_000L)).isNull();
    }
}
