package org.understudy.ha.membership.codec;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/** Builds bytes: big-endian integers, strings and lists with a length before them. Not thread-safe. */
final class Writer {

    private byte[] bytes = new byte[256];
    private int length;

    Writer u8(int value) {
        need(1);
        bytes[length++] = (byte) value;
        return this;
    }

    Writer bool(boolean value) {
        return u8(value ? 1 : 0);
    }

    Writer i32(int value) {
        need(4);
        ByteBuffer.wrap(bytes).putInt(length, value);
        length += 4;
        return this;
    }

    Writer i64(long value) {
        need(8);
        ByteBuffer.wrap(bytes).putLong(length, value);
        length += 8;
        return this;
    }

    /** A string of at most 65535 bytes of UTF-8. A longer one is cut: only human sentences are that long. */
    Writer text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        int size = utf8.length;
        if (size > 0xffff) {
            size = 0xffff;
            while ((utf8[size] & 0xc0) == 0x80) {
                size--;
            }
        }
        need(2 + size);
        bytes[length++] = (byte) (size >>> 8);
        bytes[length++] = (byte) size;
        System.arraycopy(utf8, 0, bytes, length, size);
        length += size;
        return this;
    }

    Writer bytes(byte[] value) {
        i32(value.length);
        need(value.length);
        System.arraycopy(value, 0, bytes, length, value.length);
        length += value.length;
        return this;
    }

    <T> Writer list(Iterable<T> values, int size, BiConsumer<Writer, T> each) {
        i32(size);
        for (T value : values) {
            each.accept(this, value);
        }
        return this;
    }

    <T> Writer list(List<T> values, BiConsumer<Writer, T> each) {
        return list(values, values.size(), each);
    }

    <T> Writer optional(Optional<T> value, BiConsumer<Writer, T> each) {
        bool(value.isPresent());
        value.ifPresent(v -> each.accept(this, v));
        return this;
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, length);
    }

    private void need(int more) {
        if (length + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }
}
