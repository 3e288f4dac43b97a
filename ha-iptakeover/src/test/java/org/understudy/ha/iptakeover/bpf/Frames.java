package org.understudy.ha.iptakeover.bpf;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.understudy.ha.iptakeover.packet.IpAddress;

/** Frames about a few addresses, made by chance: whole, tagged, with extension headers, cut off, damaged. */
public final class Frames {
    /** Some are held, some are not. */
    public static final List<IpAddress> ADDRESSES = List.of(
            address("192.0.2.50"),
            address("192.0.2.51"),
            address("192.0.2.52"),
            address("2001:db8::50"),
            address("2001:db8::51"),
            address("2001:db8::52"));

    private static final int[] EXTENSIONS = {0, 43, 44, 51, 60};
    private static final int[] OTHER_TYPES = {0x0800, 0x86dd, 0x0806, 0x88cc, 0x0026, 0x8100};

    private Frames() {}

    private static IpAddress address(String text) {
        return IpAddress.parse(text).orElseThrow();
    }

    /** The same for the same seed. */
    public static byte[] frame(long seed) {
        Random random = new Random(seed);
        ByteBuffer out = ByteBuffer.allocate(2048);
        byte[] macs = new byte[12];
        random.nextBytes(macs);
        out.put(macs);
        for (int tags = random.nextInt(8) < 5 ? 0 : random.nextInt(4); tags > 0; tags--) {
            out.putShort((short) (random.nextBoolean() ? 0x8100 : 0x88a8)).putShort((short) random.nextInt());
        }
        switch (random.nextInt(4)) {
            case 0 -> ipv4(out, random);
            case 1 -> arp(out, random);
            case 2, 3 -> ipv6(out, random);
            default -> throw new AssertionError();
        }
        byte[] frame = Arrays.copyOf(out.array(), out.position() + random.nextInt(20));
        int damage = random.nextInt(10);
        if (damage < 3) {
            frame = Arrays.copyOf(frame, random.nextInt(frame.length + 1));
        } else if (damage == 3) {
            frame[random.nextInt(frame.length)] ^= (byte) (1 << random.nextInt(8));
        } else if (damage == 4 && frame.length > 14) {
            int type = OTHER_TYPES[random.nextInt(OTHER_TYPES.length)];
            frame[12] = (byte) (type >> 8);
            frame[13] = (byte) type;
        }
        return frame;
    }

    private static void ipv4(ByteBuffer out, Random random) {
        out.putShort((short) 0x0800).putLong(random.nextLong()).putInt(random.nextInt());
        out.put(any(random, false)).put(any(random, false));
    }

    private static void arp(ByteBuffer out, Random random) {
        out.putShort((short) 0x0806).putLong(0x0001080006040001L);
        out.putShort((short) 0).putInt(random.nextInt()).put(any(random, false));
        out.putShort((short) 0).putInt(random.nextInt()).put(any(random, false));
    }

    private static void ipv6(ByteBuffer out, Random random) {
        out.putShort((short) 0x86dd).putInt(0x60000000).putShort((short) 0);
        int next = out.position();
        out.put((byte) 0).put((byte) 255).put(any(random, true)).put(any(random, true));
        int extensions = random.nextInt(3) > 0 ? random.nextInt(4) : random.nextInt(20);
        for (int i = 0; i < extensions; i++) {
            int kind = EXTENSIONS[random.nextInt(EXTENSIONS.length)];
            out.put(next, (byte) kind);
            next = out.position();
            int words = random.nextInt(3);
            int length = kind == 44 ? 8 : kind == 51 ? 4 * (words + 2) : 8 * (words + 1);
            int fragment = random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(8);
            out.put((byte) 0).put((byte) words).putShort((short) fragment);
            out.put(new byte[length - 4]);
        }
        int[] last = {58, 58, 58, 6, 17, 59};
        out.put(next, (byte) last[random.nextInt(last.length)]);
        out.put((byte) (133 + random.nextInt(5))).put(new byte[7]).put(any(random, true));
    }

    private static byte[] any(Random random, boolean isV6) {
        IpAddress one = ADDRESSES.get(random.nextInt(3) + (isV6 ? 3 : 0));
        return one.toBytes();
    }

    /** Some of the addresses held, by stays that may speak, may not, or are not there. */
    public static SimulatedMaps maps(long seed, long bootNanos) {
        Random random = new Random(seed);
        SimulatedMaps maps = new SimulatedMaps();
        for (IpAddress address : ADDRESSES) {
            if (random.nextInt(3) > 0) {
                maps.hold(address, GuardMaps.stay(4711, 1 + random.nextInt(3)));
            }
        }
        for (int number = 1; number <= 3; number++) {
            int kind = random.nextInt(4);
            if (kind > 0) {
                maps.extend(
                        GuardMaps.stay(4711, number),
                        kind == 1 ? 0 : kind == 2 ? bootNanos + 60_000_000_000L : bootNanos - random.nextInt(1000));
            }
        }
        return maps;
    }
}
