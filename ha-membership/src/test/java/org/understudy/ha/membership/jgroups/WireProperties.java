package org.understudy.ha.membership.jgroups;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.membership.jgroups.Wire.Greeting;

class WireProperties {

    @Property(tries = 200)
    void a_greeting_survives_and_every_truncation_is_noticed(
            @ForAll @AlphaChars @StringLength(max = 64) String cluster,
            @ForAll @AlphaChars @StringLength(max = 32) String node,
            @ForAll long high,
            @ForAll long low)
            throws IOException {
        Greeting greeting = new Greeting(cluster, node, "b", new UUID(high, low));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Wire.write(new DataOutputStream(bytes), greeting);

        assertThat(Wire.readGreeting(in(bytes.toByteArray()))).contains(greeting);
        for (int length = 0; length < bytes.size(); length++) {
            byte[] cut = Arrays.copyOf(bytes.toByteArray(), length);
            assertThatThrownBy(() -> Wire.readGreeting(in(cut))).isInstanceOf(EOFException.class);
        }
    }

    @Property(tries = 500)
    void any_bytes_are_a_greeting_an_end_or_malformed(@ForAll byte[] bytes) throws IOException {
        try {
            Wire.readGreeting(in(bytes));
        } catch (EOFException | MalformedMessageException expected) {
            assertThat(expected.getMessage())
                    .satisfiesAnyOf(
                            m -> assertThat(m).isNull(), m -> assertThat(m).isNotBlank());
        }
    }

    @Property(tries = 500)
    void a_length_out_of_bounds_is_malformed_and_one_that_lies_is_an_end(
            @ForAll @IntRange(min = Integer.MIN_VALUE) int length) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(length);
        out.writeByte(Wire.CONTROL);
        if (length == 1) {
            assertThat(Wire.readFrame(in(bytes.toByteArray())).content()).isEmpty();
        } else if (length > 1 && length <= Wire.CONTENT_MAX + 1) {
            assertThatThrownBy(() -> Wire.readFrame(in(bytes.toByteArray()))).isInstanceOf(EOFException.class);
        } else {
            assertThatThrownBy(() -> Wire.readFrame(in(bytes.toByteArray())))
                    .isInstanceOf(MalformedMessageException.class);
        }
    }

    @Property(tries = 500)
    void only_control_frames_may_be_as_large_as_a_record(
            @ForAll @IntRange(min = Wire.PACKET_MAX - 2, max = Wire.PACKET_MAX + 9) int length,
            @ForAll @IntRange(max = 3) int kind)
            throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(length);
        out.writeByte(kind);
        boolean isAllowed = kind == Wire.CONTROL || length <= Wire.PACKET_MAX + 1;
        assertThatThrownBy(() -> Wire.readFrame(in(bytes.toByteArray())))
                .isInstanceOf(isAllowed ? EOFException.class : MalformedMessageException.class);
    }

    private static DataInputStream in(byte[] bytes) {
        return new DataInputStream(new ByteArrayInputStream(bytes));
    }
}
