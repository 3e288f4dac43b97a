package org.understudy.ha.membership.codec;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.MalformedMessageException;

/** Reads what {@link Writer} wrote. Allocates no more than the bytes at hand justify. Not thread-safe. */
final class Reader {

    private final ByteBuffer bytes;

    Reader(byte[] bytes) {
        this.bytes = ByteBuffer.wrap(bytes);
    }

    int position() {
        return bytes.position();
    }

    int u8() {
        need(1, "a byte");
        return bytes.get() & 0xff;
    }

    boolean bool() {
        int value = u8();
        if (value > 1) {
            throw new MalformedMessageException(bytes.position() - 1, "expected 0 or 1, found " + value);
        }
        return value == 1;
    }

    int i32() {
        need(4, "an integer");
        return bytes.getInt();
    }

    long i64() {
        need(8, "a long integer");
        return bytes.getLong();
    }

    String text() {
        need(2, "a length");
        int size = bytes.getShort() & 0xffff;
        need(size, "a text of " + size + " bytes");
        ByteBuffer part = bytes.slice(bytes.position(), size);
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(part).toString();
            bytes.position(bytes.position() + size);
            return text;
        } catch (CharacterCodingException e) {
            throw new MalformedMessageException(bytes.position(), "a text that is not UTF-8");
        }
    }

    byte[] bytes() {
        int at = bytes.position();
        int size = i32();
        if (size < 0 || size > bytes.remaining()) {
            throw new MalformedMessageException(at, size + " bytes in " + bytes.remaining());
        }
        byte[] value = new byte[size];
        bytes.get(value);
        return value;
    }

    <T> List<T> list(Function<Reader, T> each) {
        int at = bytes.position();
        int size = i32();
        if (size < 0 || size > bytes.remaining()) {
            throw new MalformedMessageException(at, "a list of " + size + " in " + bytes.remaining() + " bytes");
        }
        List<T> values = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            values.add(each.apply(this));
        }
        return values;
    }

    /** A list in which each key stands once and the keys grow: the one form in which a map or a set is written. */
    <T, K extends Comparable<K>> List<T> ascending(Function<Reader, T> each, Function<T, K> key) {
        int at = bytes.position();
        List<T> values = list(each);
        for (int i = 1; i < values.size(); i++) {
            if (key.apply(values.get(i - 1)).compareTo(key.apply(values.get(i))) >= 0) {
                throw new MalformedMessageException(at, "entry " + i + " stands twice or out of order");
            }
        }
        return values;
    }

    <T> Optional<T> optional(Function<Reader, T> each) {
        return bool() ? Optional.of(each.apply(this)) : Optional.empty();
    }

    <E extends Enum<E>> E constant(E[] all) {
        int at = bytes.position();
        int ordinal = u8();
        if (ordinal >= all.length) {
            throw new MalformedMessageException(
                    at, "unknown " + all[0].getDeclaringClass().getSimpleName() + " number " + ordinal);
        }
        return all[ordinal];
    }

    /** Turns a value's own refusal (a bad name, a number out of range) into a refusal of the message. */
    <T> T value(java.util.function.Supplier<T> made) {
        int at = bytes.position();
        try {
            return made.get();
        } catch (MalformedMessageException e) {
            throw e;
        } catch (HaException | IllegalArgumentException e) {
            throw new MalformedMessageException(at, e.getMessage());
        }
    }

    void end() {
        if (bytes.hasRemaining()) {
            throw new MalformedMessageException(bytes.position(), bytes.remaining() + " bytes too many");
        }
    }

    private void need(int size, String what) {
        if (bytes.remaining() < size) {
            throw new MalformedMessageException(
                    bytes.position(), "expected " + what + ", but only " + bytes.remaining() + " bytes are left");
        }
    }
}
