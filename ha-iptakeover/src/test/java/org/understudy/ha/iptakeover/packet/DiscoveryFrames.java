package org.understudy.ha.iptakeover.packet;

import java.util.Arrays;

/** Makes frames of IPv6 neighbour discovery from captured ones. */
public final class DiscoveryFrames {
    /** 2001:db8::3 at 02:00:00:00:00:03 announced by Linux 6.18. */
    public static final String UNSOLICITED =
            "33330000000102000000000386dd6000000000203aff20010db8000000000000000000000003"
                    + "ff0200000000000000000000000000018800f9242000000020010db80000000000000000000000030201020000000003";

    private static final int LENGTH_AT = 19;
    private static final int CHECKSUM_AT = 56;

    private DiscoveryFrames() {}

    /** With one more option at its end. */
    public static byte[] withOption(byte[] frame, byte[] option) {
        byte[] longer = Arrays.copyOf(frame, frame.length + option.length);
        System.arraycopy(option, 0, longer, frame.length, option.length);
        longer[LENGTH_AT] += (byte) option.length;
        return summed(longer);
    }

    /** With the checksum set right: RFC 1071, over the pseudo-header and the message. */
    public static byte[] summed(byte[] frame) {
        frame[CHECKSUM_AT] = 0;
        frame[CHECKSUM_AT + 1] = 0;
        int sum = 58 + frame.length - 54;
        for (int i = 22; i < frame.length; i += 2) {
            sum += (frame[i] & 0xff) << 8 | frame[i + 1] & 0xff;
        }
        sum = (sum & 0xffff) + (sum >>> 16);
        sum = ~((sum & 0xffff) + (sum >>> 16));
        frame[CHECKSUM_AT] = (byte) (sum >>> 8);
        frame[CHECKSUM_AT + 1] = (byte) sum;
        return frame;
    }
}
