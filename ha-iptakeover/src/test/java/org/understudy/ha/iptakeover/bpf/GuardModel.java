package org.understudy.ha.iptakeover.bpf;

import java.util.Arrays;
import java.util.Optional;
import org.understudy.ha.iptakeover.bpf.GuardProgram.Direction;
import org.understudy.ha.iptakeover.packet.IpAddress;

/** What a guard has to decide, written as one would say it. */
public final class GuardModel {
    private static final int EXTENSIONS_MAX = 8;

    private GuardModel() {}

    /** {@link GuardProgram#DROP} or {@link GuardProgram#NEXT}. */
    public static int verdict(Direction direction, byte[] frame, SimulatedMaps maps, long bootNanos) {
        return drops(direction, frame, maps, bootNanos) ? GuardProgram.DROP : GuardProgram.NEXT;
    }

    private static boolean drops(Direction direction, byte[] frame, SimulatedMaps maps, long bootNanos) {
        boolean isIn = direction == Direction.IN;
        int at = 12;
        int tags = 0;
        while (tags < 2 && (half(frame, at) == 0x8100 || half(frame, at) == 0x88a8)) {
            at += 4;
            tags++;
        }
        int network = at + 2;
        switch (half(frame, at)) {
            case 0x0800:
                return isMute(frame, network + (isIn ? 16 : 12), 4, maps, bootNanos);
            case 0x0806:
                return isMute(frame, network + (isIn ? 24 : 14), 4, maps, bootNanos);
            case 0x86dd:
                // Without an address nothing else is looked at.
                int address = network + (isIn ? 24 : 8);
                return frame.length >= address + 16
                        && (isMute(frame, address, 16, maps, bootNanos)
                                || tellsOfMute(isIn, frame, network, maps, bootNanos));
            default:
                return false;
        }
    }

    private static boolean tellsOfMute(boolean isIn, byte[] frame, int network, SimulatedMaps maps, long bootNanos) {
        int kind = octet(frame, network + 6);
        int at = network + 40;
        int extensions = 0;
        while (kind == 0 || kind == 43 || kind == 44 || kind == 51 || kind == 60) {
            if (at + 4 > frame.length) {
                return false;
            }
            if (kind == 44 && (half(frame, at + 2) & 0xfff8) != 0) {
                return false;
            }
            int length = kind == 44 ? 8 : kind == 51 ? 4 * (octet(frame, at + 1) + 2) : 8 * (octet(frame, at + 1) + 1);
            kind = octet(frame, at);
            at += length;
            extensions++;
            if (extensions > EXTENSIONS_MAX) {
                return maps.holdsV6();
            }
        }
        return kind == 58 && octet(frame, at) == (isIn ? 135 : 136) && isMute(frame, at + 8, 16, maps, bootNanos);
    }

    private static boolean isMute(byte[] frame, int at, int length, SimulatedMaps maps, long bootNanos) {
        return address(frame, at, length)
                .filter(address -> maps.isMute(address, bootNanos))
                .isPresent();
    }

    private static Optional<IpAddress> address(byte[] frame, int at, int length) {
        return at + length > frame.length
                ? Optional.empty()
                : Optional.of(IpAddress.of(Arrays.copyOfRange(frame, at, at + length)));
    }

    /** -1 behind the end. */
    private static int half(byte[] frame, int at) {
        return at + 2 > frame.length ? -1 : octet(frame, at) << 8 | octet(frame, at + 1);
    }

    private static int octet(byte[] frame, int at) {
        return at >= frame.length ? -1 : frame[at] & 0xff;
    }
}
