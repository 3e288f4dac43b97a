package org.understudy.ha.iptakeover.jna;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.understudy.ha.api.PlatformException;

/**
 * A timer of the kernel that sends SIGKILL to this very process, {@code timer_create(2)}. It reads {@code CLOCK_BOOTTIME} and takes
 * absolute instants; a stopped process does not stop it, and a child does not inherit it. Not thread-safe.
 */
public final class PosixTimer {
    private static final int SIGKILL = 9;
    private static final int SIGEV_SIGNAL = 0;
    private static final int TIMER_ABSTIME = 1;
    /** {@code struct sigevent}: union sigval (8), int sigev_signo, int sigev_notify, padded to 64 bytes. */
    private static final int SIGEVENT_LENGTH = 64;

    private static final long SECOND_NANOS = 1_000_000_000L;

    private final long id;

    private PosixTimer(long id) {
        this.id = id;
    }

    /** Of its own, because a C library before glibc 2.34 keeps these calls elsewhere, and the others must load there all the same. */
    private static final class C {
        private C() {}

        static {
            Native.register(C.class, "c");
        }

        static native int timer_create(int clock, byte[] event, long[] id) throws LastErrorException;

        /** {@code struct itimerspec}: interval and value, seconds and nanoseconds each. */
        static native int timer_settime(long id, int flags, long[] value, long[] old) throws LastErrorException;

        static native int timer_delete(long id) throws LastErrorException;
    }

    /**
     * Creates a timer that is not set.
     *
     * @throws PlatformException if the kernel or the C library has none
     */
    public static PosixTimer create() {
        NativeAccess.require();
        byte[] event = ByteBuffer.allocate(SIGEVENT_LENGTH)
                .order(ByteOrder.nativeOrder())
                .putLong(0)
                .putInt(SIGKILL)
                .putInt(SIGEV_SIGNAL)
                .array();
        long[] id = new long[1];
        try {
            C.timer_create(Libc.CLOCK_BOOTTIME, event, id);
        } catch (LastErrorException e) {
            throw Libc.failed("timer_create", e, "CLOCK_BOOTTIME");
        } catch (LinkageError e) {
            throw new PlatformException(
                    "timer_create",
                    0,
                    "this C library has no timer_create (" + e.getMessage() + "): use glibc 2.34 or musl",
                    e);
        }
        return new PosixTimer(id[0]);
    }

    /** Kills this process at that instant, or at once if it has passed. */
    public void set(long bootNanos) {
        settime(new long[] {0, 0, bootNanos / SECOND_NANOS, bootNanos % SECOND_NANOS});
    }

    /** Takes the instant back. */
    public void clear() {
        settime(new long[4]);
    }

    public void delete() {
        try {
            C.timer_delete(id);
        } catch (LastErrorException e) {
            throw Libc.failed("timer_delete", e, "timer " + id);
        }
    }

    private void settime(long[] value) {
        try {
            C.timer_settime(id, TIMER_ABSTIME, value, new long[4]);
        } catch (LastErrorException e) {
            throw Libc.failed("timer_settime", e, "timer " + id);
        }
    }
}
