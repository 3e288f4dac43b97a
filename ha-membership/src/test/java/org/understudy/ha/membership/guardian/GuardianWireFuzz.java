package org.understudy.ha.membership.guardian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import org.understudy.ha.membership.guardian.GuardianWire.Addresses;
import org.understudy.ha.membership.guardian.GuardianWire.Frame;

/** The pipes between a node and its guardian: frames one after the other, and the addresses in the first. */
public final class GuardianWireFuzz {

    private GuardianWireFuzz() {}

    public static List<byte[]> seeds() {
        InetAddress four = InetAddress.getLoopbackAddress();
        Addresses addresses = new Addresses(
                List.of(four, six()), List.of(new InetSocketAddress(four, 7400), new InetSocketAddress(six(), 1)));
        return List.of(
                GuardianWire.hello(addresses).bytes(),
                bytes(
                        new Frame(GuardianWire.LIVE, new byte[12]),
                        new Frame(GuardianWire.CLAIM, "address/10.0.0.5".getBytes()),
                        new Frame(GuardianWire.ARM, new byte[24]),
                        new Frame(GuardianWire.CLOSE, new byte[0])));
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        ByteArrayInputStream left = new ByteArrayInputStream(bytes);
        DataInputStream in = new DataInputStream(left);
        int read = 0;
        try {
            while (true) {
                Frame frame = GuardianWire.read(in);
                assertArrayEquals(Arrays.copyOfRange(bytes, read, bytes.length - left.available()), frame.bytes());
                read = bytes.length - left.available();
                if (frame.type() == GuardianWire.HELLO) {
                    addresses(frame);
                }
            }
        } catch (IOException refused) {
            assertThat(read).isLessThanOrEqualTo(bytes.length);
        }
    }

    private static void addresses(Frame hello) throws IOException {
        Addresses addresses = GuardianWire.addresses(hello);
        assertArrayEquals(hello.payload(), GuardianWire.hello(addresses).payload());
    }

    private static InetAddress six() {
        byte[] raw = new byte[16];
        raw[0] = 0x20;
        raw[15] = 1;
        try {
            return InetAddress.getByAddress(raw);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] bytes(Frame... frames) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (Frame frame : frames) {
            all.writeBytes(frame.bytes());
        }
        return all.toByteArray();
    }
}
