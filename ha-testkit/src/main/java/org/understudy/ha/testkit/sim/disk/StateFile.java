package org.understudy.ha.testkit.sim.disk;

import java.util.Arrays;
import java.util.zip.CRC32C;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.membership.codec.RecordCodec;
import org.understudy.ha.membership.core.DurableState;

/**
 * What lies on a disk as bytes: the payload in the product's own format, behind its CRC-32C, as the product's store seals it.
 * Pure.
 */
record StateFile(byte[] payload, long crc) {

    static StateFile of(DurableState state) {
        byte[] payload = RecordCodec.encode(state);
        return new StateFile(payload, crc(payload));
    }

    /** As version 1 wrote it. */
    static StateFile ofVersionOne(DurableState state) {
        byte[] payload = OlderFormat.encode(state, 1);
        return new StateFile(payload, crc(payload));
    }

    StateFile withFlippedBit(long luck) {
        byte[] flipped = payload.clone();
        int bit = (int) Math.floorMod(luck, flipped.length * 8L);
        flipped[bit / 8] ^= (byte) (1 << (bit % 8));
        return new StateFile(flipped, crc);
    }

    StateFile torn(long luck) {
        return new StateFile(Arrays.copyOf(payload, (int) Math.floorMod(luck, (long) payload.length)), crc);
    }

    /**
     * @throws MalformedMessageException if a single bit is not as it was written
     */
    DurableState read() {
        if (crc(payload) != crc) {
            throw new MalformedMessageException(0, "the node state is damaged: its checksum is wrong");
        }
        return RecordCodec.decodeDurable(payload);
    }

    private static long crc(byte[] payload) {
        CRC32C crc = new CRC32C();
        crc.update(payload, 0, payload.length);
        return crc.getValue();
    }
}
