package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.bpf.BpfCall;
import org.understudy.ha.iptakeover.bpf.BpfCall.Rule;
import org.understudy.ha.iptakeover.bpf.GuardMaps;
import org.understudy.ha.iptakeover.bpf.GuardMaps.Shape;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.PreparedBpf;

/** One map of a guard. Thread-safe as the kernel is. */
final class GuardMap implements AutoCloseable {
    private static final int BATCH = 4096;
    /** What is copied at each look; most cards hold less. */
    private static final int LOOK = 256;

    private static final int MEMORY_ATTEMPTS_MAX = 200;
    private static final long MEMORY_PAUSE_NANOS = 500_000;

    private final Shape shape;
    private final Fd fd;
    private final int id;

    private GuardMap(Shape shape, Fd fd, int id) {
        this.shape = shape;
        this.fd = fd;
        this.id = id;
    }

    static GuardMap create(Shape shape) {
        Fd fd = Libc.bpfDescriptor(BpfCall.createMap(shape));
        BpfCall info = BpfCall.mapInfo();
        Libc.bpf(info, fd);
        return new GuardMap(shape, fd, info.mapId());
    }

    /**
     * @throws PlatformException ENOENT if there is none any more, EINVAL if it is another
     */
    static GuardMap found(Shape shape, int id) {
        Fd fd = Libc.bpfDescriptor(BpfCall.mapById(id));
        boolean isOurs = false;
        try {
            BpfCall info = BpfCall.mapInfo();
            Libc.bpf(info, fd);
            isOurs = info.isOf(shape);
            if (!isOurs) {
                throw new PlatformException(
                        "BPF_OBJ_GET_INFO_BY_FD",
                        Libc.EINVAL,
                        "BPF map " + id + " is not the " + shape.mapName() + " of this library");
            }
            return new GuardMap(shape, fd, id);
        } finally {
            if (!isOurs) {
                fd.close();
            }
        }
    }

    Fd fd() {
        return fd;
    }

    int id() {
        return id;
    }

    /** False if the rule does not allow it. */
    boolean put(byte[] key, byte[] value, Rule rule) {
        try {
            Libc.bpf(BpfCall.update(key, value, rule), fd);
            return true;
        } catch (PlatformException e) {
            if (e.errno() == Libc.ENOENT && rule == Rule.PRESENT || e.errno() == Libc.EEXIST && rule == Rule.ABSENT) {
                return false;
            }
            throw explained(e);
        }
    }

    /** A value that is replaced many times a second. */
    final class Replaced {
        private static final int VALUE_BLOCK = 2;

        private final PreparedBpf call;

        private Replaced(byte[] key) {
            call = new PreparedBpf(BpfCall.update(key, new byte[shape.valueBytes()], Rule.PRESENT), fd);
        }

        /** False if there is none. */
        boolean by(byte[] value) {
            try {
                call.run(VALUE_BLOCK, value);
                return true;
            } catch (PlatformException e) {
                if (e.errno() == Libc.ENOENT) {
                    return false;
                }
                throw e;
            }
        }
    }

    /** To replace the value of one key, and never make it. */
    Replaced replaced(byte[] key) {
        return new Replaced(key);
    }

    /** The value; empty without one. */
    byte[] get(byte[] key) {
        BpfCall call = BpfCall.lookUp(key, shape.valueBytes());
        try {
            Libc.bpf(call, fd);
            return call.second();
        } catch (PlatformException e) {
            if (e.errno() == Libc.ENOENT) {
                return new byte[0];
            }
            throw e;
        }
    }

    /** Nothing there is fine. */
    void remove(byte[] key) {
        try {
            Libc.bpf(BpfCall.delete(key), fd);
        } catch (PlatformException e) {
            if (e.errno() != Libc.ENOENT) {
                throw e;
            }
        }
    }

    boolean isEmpty() {
        try {
            Libc.bpf(BpfCall.firstKey(shape.keyBytes()), fd);
            return false;
        } catch (PlatformException e) {
            if (e.errno() == Libc.ENOENT) {
                return true;
            }
            throw e;
        }
    }

    /** In a map that is changed meanwhile some may be missing or told twice. */
    void forEach(BiConsumer<byte[], byte[]> each) {
        byte[] after = {};
        boolean isLast = false;
        int size = LOOK;
        while (!isLast) {
            BpfCall call = BpfCall.lookUpBatch(shape, size, after);
            try {
                Libc.bpf(call, fd);
            } catch (PlatformException e) {
                isLast = e.errno() == Libc.ENOENT;
                if (e.errno() == Libc.ENOSPC && size < shape.entriesMax()) {
                    size *= 2;
                    continue;
                }
                if (!isLast) {
                    throw e;
                }
            }
            List<byte[]> keys = GuardMaps.split(call.first(), call.count(), shape.keyBytes());
            List<byte[]> values = GuardMaps.split(call.second(), call.count(), shape.valueBytes());
            for (int i = 0; i < keys.size(); i++) {
                each.accept(keys.get(i), values.get(i));
            }
            after = call.third();
        }
    }

    /**
     * Puts all of them, whatever was there.
     *
     * @throws PlatformException if one is refused; those before it are there then
     */
    void putAll(List<byte[]> keys, List<byte[]> values) {
        int done = 0;
        int attempts = 0;
        while (done < keys.size()) {
            int end = Math.min(keys.size(), done + BATCH);
            BpfCall call = BpfCall.updateBatch(keys.subList(done, end), values.subList(done, end));
            try {
                Libc.bpf(call, fd);
                done = end;
            } catch (PlatformException e) {
                done += Math.min(call.count(), end - done);
                // The kernel fills its stock of elements behind us.
                attempts++;
                if (e.errno() != Libc.ENOMEM || attempts > MEMORY_ATTEMPTS_MAX) {
                    throw explained(e);
                }
                LockSupport.parkNanos(MEMORY_PAUSE_NANOS);
            }
        }
    }

    void removeAll(Collection<byte[]> all) {
        List<byte[]> keys = new ArrayList<>(all);
        int done = 0;
        while (done < keys.size()) {
            int end = Math.min(keys.size(), done + BATCH);
            BpfCall call = BpfCall.deleteBatch(keys.subList(done, end));
            try {
                Libc.bpf(call, fd);
                done = end;
            } catch (PlatformException e) {
                if (e.errno() != Libc.ENOENT) {
                    throw e;
                }
                done += Math.min(call.count(), end - done) + 1;
            }
        }
    }

    private PlatformException explained(PlatformException e) {
        return e.errno() == Libc.E2BIG
                ? new PlatformException(
                        e.call(),
                        e.errno(),
                        "the guard of one card takes " + GuardMaps.HELD_MAX + " floating addresses of "
                                + GuardMaps.STAYS_MAX + " resources: spread them over several cards",
                        e)
                : e;
    }

    @Override
    public void close() {
        fd.close();
    }
}
