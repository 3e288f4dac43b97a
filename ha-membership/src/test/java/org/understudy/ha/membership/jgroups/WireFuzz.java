package org.understudy.ha.membership.jgroups;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.understudy.ha.api.MalformedMessageException;

/** What comes over a connection: a greeting with frames behind it, or an answer. */
public final class WireFuzz {

    private WireFuzz() {}

    public static List<byte[]> seeds() {
        try {
            ByteArrayOutputStream dialled = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(dialled);
            Wire.write(out, new Wire.Greeting("shop", "serv1", "serv2", new UUID(1, 2)));
            Wire.write(out, Wire.STILL_HERE, new byte[0]);
            Wire.write(out, Wire.CONTROL, new byte[] {1, 2, 3});
            Wire.write(out, Wire.PACKET, new byte[40]);
            Wire.write(out, Wire.FAREWELL, new byte[0]);
            ByteArrayOutputStream answered = new ByteArrayOutputStream();
            Wire.write(new DataOutputStream(answered), new Wire.Answer(Wire.Verdict.OTHER_CLUSTER, new UUID(3, 4)));
            return List.of(dialled.toByteArray(), answered.toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        refusedOrSame(bytes, (in, out) -> {
            Optional<Wire.Greeting> greeting = Wire.readGreeting(in);
            if (greeting.isPresent()) {
                Wire.write(out, greeting.get());
            } else {
                out.write(bytes, 0, 5);
            }
            return greeting.isPresent();
        });
        refusedOrSame(bytes, (in, out) -> {
            Wire.write(out, Wire.readAnswer(in));
            return false;
        });
    }

    /** Reads one thing and writes it again; true if frames follow. */
    private interface Reading {
        boolean again(DataInputStream in, DataOutputStream out) throws IOException;
    }

    private static void refusedOrSame(byte[] bytes, Reading first) {
        ByteArrayInputStream left = new ByteArrayInputStream(bytes);
        DataInputStream in = new DataInputStream(left);
        ByteArrayOutputStream again = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(again);
        int read = 0;
        try {
            boolean isMore = first.again(in, out);
            read = bytes.length - left.available();
            while (isMore) {
                Wire.Frame frame = Wire.readFrame(in);
                Wire.write(out, frame.kind(), frame.content());
                read = bytes.length - left.available();
            }
        } catch (EOFException | MalformedMessageException refused) {
            assertThat(read).isLessThanOrEqualTo(bytes.length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        assertArrayEquals(Arrays.copyOf(bytes, read), again.toByteArray());
    }
}
