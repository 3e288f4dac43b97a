package org.understudy.ha.iptakeover.jna;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.bpf.BpfCall;

/**
 * The few calls of the C library this module needs, on 64-bit Linux. Every wrapper below throws {@link PlatformException} with
 * the call, the error number and its name; none returns a default on failure.
 *
 * <p>Thread-safe. Calls block as their man pages say.
 */
public final class Libc {
    public static final int AF_UNIX = 1;
    public static final int AF_INET = 2;
    public static final int AF_INET6 = 10;
    public static final int AF_NETLINK = 16;
    public static final int AF_PACKET = 17;
    public static final int SOCK_STREAM = 1;
    public static final int SOCK_DGRAM = 2;
    public static final int SOCK_RAW = 3;
    public static final int SOCK_CLOEXEC = 0x80000;
    public static final int SOL_SOCKET = 1;
    public static final int SOL_NETLINK = 270;
    public static final int MSG_DONTWAIT = 0x40;

    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int ESRCH = 3;
    public static final int EINTR = 4;
    public static final int ENXIO = 6;
    public static final int E2BIG = 7;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EEXIST = 17;
    public static final int ENODEV = 19;
    public static final int EBUSY = 16;
    public static final int EINVAL = 22;
    public static final int EMFILE = 24;
    public static final int ENOTTY = 25;
    public static final int ENOSPC = 28;
    public static final int EMSGSIZE = 90;
    public static final int EPROTONOSUPPORT = 93;
    public static final int EOPNOTSUPP = 95;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRINUSE = 98;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENETDOWN = 100;
    public static final int ENETUNREACH = 101;
    public static final int ENOBUFS = 105;
    public static final int EHOSTUNREACH = 113;
    public static final int ESTALE = 116;

    static final int CLOCK_BOOTTIME = 7;
    private static final int O_WRONLY = 1;
    private static final int O_CLOEXEC = 0x80000;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int SYS_PIDFD_SEND_SIGNAL = 424;
    private static final int SYS_PIDFD_OPEN = 434;
    static final int POLLIN = 1;
    /** {@code struct mmsghdr} with 64-bit pointers. */
    private static final int MESSAGE_BYTES = 64;

    /** {@code struct iovec} with 64-bit pointers. */
    private static final int VECTOR_BYTES = 16;

    /** {@code struct pollfd}. */
    static final int POLL_ENTRY_BYTES = 8;

    static final int POLL_RESULT_AT = 6;
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int IPPROTO_IPV6 = 41;
    private static final int IPV6_ADD_MEMBERSHIP = 20;
    private static final int SO_ATTACH_FILTER = 26;
    private static final int SOCK_FILTER_BYTES = 8;
    private static final int SOCK_FPROG_BYTES = 16;
    private static final int SOCK_FPROG_FILTER_AT = 8;

    private Libc() {}

    /** See {@link NativeAccess#unavailableBecause()}. */
    static String loadProblem() {
        return Loaded.REASON;
    }

    /** Loads once per class loader. */
    private static final class Loaded {
        static final String REASON = load();

        private Loaded() {}

        private static String load() {
            String os = System.getProperty("os.name", "");
            if (!os.equals("Linux")) {
                return "address takeover needs Linux and this is " + os
                        + ": run this node on Linux, or leave its floating addresses out";
            }
            try {
                if (Native.POINTER_SIZE != 8) {
                    return "address takeover needs a 64-bit JVM: start this node with one";
                }
                C.register();
                return "";
            } catch (LinkageError | IllegalCallerException e) {
                return "the native part of JNA does not load (" + firstLine(e) + "): if " + unpackDirectory()
                        + " is mounted noexec or not writable give -Djna.tmpdir=DIRECTORY with one that is neither;"
                        + " on JDK 24 and later also give --enable-native-access=ALL-UNNAMED";
            }
        }

        /** Where JNA unpacks its library, by the same rule ({@code com.sun.jna.Native.getTempDir}). */
        private static String unpackDirectory() {
            String told = System.getProperty("jna.tmpdir");
            if (told != null) {
                return told;
            }
            String cache = System.getenv("XDG_CACHE_HOME");
            File base = cache == null || cache.isBlank()
                    ? new File(System.getProperty("user.home", ""), ".cache")
                    : new File(cache);
            File usual = new File(base, "JNA/temp");
            return usual.canWrite() ? usual.toString() : System.getProperty("java.io.tmpdir", "/tmp");
        }

        private static String firstLine(Throwable e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            String message = cause.getClass().getSimpleName() + ": " + cause.getMessage();
            int end = message.indexOf('\n');
            return end < 0 ? message : message.substring(0, end);
        }
    }

    /**
     * The calls. What C has as {@code long} or {@code size_t} is a {@code long} here where the two are one, and a {@link NativeLong} elsewhere: JNA makes objects
     * of that by calling back into Java, some 10 to 20 µs a call while that is interpreted.
     */
    private static final class C {
        private static final boolean IS_WIDE = Native.LONG_SIZE == Long.BYTES && Native.SIZE_T_SIZE == Long.BYTES;

        private C() {}

        static void register() {
            Native.register(C.class, "c");
        }

        static native int socket(int domain, int type, int protocol) throws LastErrorException;

        static native int bind(int fd, byte[] address, int length) throws LastErrorException;

        static native int listen(int fd, int backlog) throws LastErrorException;

        static native int getsockname(int fd, byte[] address, int[] length) throws LastErrorException;

        static native long send(int fd, byte[] data, long length, int flags) throws LastErrorException;

        static native NativeLong send(int fd, byte[] data, NativeLong length, int flags) throws LastErrorException;

        static native long sendto(int fd, byte[] data, long length, int flags, byte[] address, int addressLength)
                throws LastErrorException;

        static native NativeLong sendto(
                int fd, byte[] data, NativeLong length, int flags, byte[] address, int addressLength)
                throws LastErrorException;

        /** Without the exception: that nothing waits is no error, and is found out many times a second. */
        static native long recv(int fd, byte[] buffer, long length, int flags);

        static native NativeLong recv(int fd, byte[] buffer, NativeLong length, int flags);

        static native int setsockopt(int fd, int level, int name, byte[] value, int length) throws LastErrorException;

        static native int poll(byte[] fds, long count, int timeoutMillis) throws LastErrorException;

        static native int poll(byte[] fds, NativeLong count, int timeoutMillis) throws LastErrorException;

        static native int ppoll(byte[] fds, long count, long[] timeout, Pointer signals) throws LastErrorException;

        static native int ppoll(byte[] fds, NativeLong count, long[] timeout, Pointer signals)
                throws LastErrorException;

        static native int setsockopt(int fd, int level, int name, Pointer value, int length) throws LastErrorException;

        static native int close(int fd) throws LastErrorException;

        static native int open(String path, int flags, int mode) throws LastErrorException;

        static native int ioctl(int fd, long request, byte[] argument) throws LastErrorException;

        static native int ioctl(int fd, NativeLong request, byte[] argument) throws LastErrorException;

        static native int fcntl(int fd, int command, NativeLong argument) throws LastErrorException;

        static native long write(int fd, byte[] data, long length) throws LastErrorException;

        static native NativeLong write(int fd, byte[] data, NativeLong length) throws LastErrorException;

        static native long read(int fd, byte[] buffer, long length) throws LastErrorException;

        static native NativeLong read(int fd, byte[] buffer, NativeLong length) throws LastErrorException;

        static native int eventfd(int initial, int flags) throws LastErrorException;

        static native int sendmmsg(int fd, Pointer messages, int count, int flags) throws LastErrorException;

        static native int clock_gettime(int clock, long[] time) throws LastErrorException;

        static native NativeLong syscall(NativeLong number, NativeLong a, NativeLong b) throws LastErrorException;

        static native long syscall(long number, long a, long b, long c, long d) throws LastErrorException;

        static native NativeLong syscall(NativeLong number, NativeLong a, NativeLong b, NativeLong c, NativeLong d)
                throws LastErrorException;

        static native int getppid();
    }

    static PlatformException failed(String call, LastErrorException e, String object) {
        int errno = e.getErrorCode();
        return new PlatformException(call, errno, call + " failed for " + object + ": " + errnoName(errno), e);
    }

    /** {@code socket(2)}; close-on-exec is always added. */
    public static Fd socket(int domain, int type, int protocol) {
        NativeAccess.require();
        try {
            return new Fd(C.socket(domain, type | SOCK_CLOEXEC, protocol));
        } catch (LastErrorException e) {
            throw failed("socket", e, "domain " + domain + " protocol " + protocol);
        }
    }

    /** {@code bind(2)}. */
    public static void bind(Fd fd, byte[] address) {
        try {
            C.bind(fd.number(), address, address.length);
        } catch (LastErrorException e) {
            throw failed("bind", e, fd.toString());
        }
    }

    /** {@code send(2)}. */
    public static void send(Fd fd, byte[] data) {
        while (true) {
            try {
                long sent = C.IS_WIDE
                        ? C.send(fd.number(), data, data.length, 0)
                        : C.send(fd.number(), data, new NativeLong(data.length), 0)
                                .longValue();
                if (sent != data.length) {
                    throw new PlatformException(
                            "send", 0, "send took " + sent + " of " + data.length + " bytes for " + fd);
                }
                return;
            } catch (LastErrorException e) {
                if (e.getErrorCode() != EINTR) {
                    throw failed("send", e, fd.toString());
                }
            }
        }
    }

    /** {@code listen(2)} of a socket of {@link #AF_INET}, on any free port if it is not bound. */
    public static void listen(Fd fd) {
        try {
            C.listen(fd.number(), 1);
        } catch (LastErrorException e) {
            throw failed("listen", e, fd.toString());
        }
    }

    /** {@code getsockname(2)}: the port of a socket of {@link #AF_INET}. */
    public static int localPort(Fd fd) {
        byte[] address = new byte[16];
        try {
            C.getsockname(fd.number(), address, new int[] {address.length});
        } catch (LastErrorException e) {
            throw failed("getsockname", e, fd.toString());
        }
        return ByteBuffer.wrap(address).getShort(2) & 0xffff;
    }

    /** {@code getsockname(2)}: the index of the interface that a socket of {@link #AF_PACKET} is bound to; none of one that is gone. */
    public static int boundInterface(Fd fd) {
        byte[] address = new byte[20];
        try {
            C.getsockname(fd.number(), address, new int[] {address.length});
        } catch (LastErrorException e) {
            throw failed("getsockname", e, fd.toString());
        }
        return ByteBuffer.wrap(address).order(ByteOrder.nativeOrder()).getInt(4);
    }

    /** {@code sendto(2)}. */
    public static void sendTo(Fd fd, byte[] data, byte[] address) {
        sendTo(fd, data, address, 0);
    }

    /** {@code sendto(2)} that does not wait for room: EAGAIN if there is none. */
    public static void sendToAtOnce(Fd fd, byte[] data, byte[] address) {
        sendTo(fd, data, address, MSG_DONTWAIT);
    }

    /**
     * {@code sendmmsg(2)}: many datagrams to one address in one call.
     *
     * @param from the first of them to send
     * @return how many were sent, at least one
     * @throws PlatformException if the first was not
     */
    public static int sendAllTo(Fd fd, List<byte[]> datagrams, int from, byte[] address) {
        int count = datagrams.size() - from;
        if (count == 1 || Native.POINTER_SIZE != Long.BYTES) {
            sendTo(fd, datagrams.get(from), address);
            return 1;
        }
        int bytes = 0;
        for (int i = from; i < datagrams.size(); i++) {
            bytes += datagrams.get(i).length;
        }
        long vectors = (long) MESSAGE_BYTES * count;
        long name = vectors + (long) VECTOR_BYTES * count;
        long data = name + address.length;
        try (Memory block = new Memory(data + bytes)) {
            long start = Pointer.nativeValue(block);
            ByteBuffer out = block.getByteBuffer(0, block.size()).order(ByteOrder.nativeOrder());
            out.position((int) name).put(address);
            for (int i = 0; i < count; i++) {
                byte[] datagram = datagrams.get(from + i);
                // struct msghdr: name and its length, vectors and their number, no control, no flags; then what was
                // sent.
                out.putLong(MESSAGE_BYTES * i, start + name)
                        .putLong(MESSAGE_BYTES * i + 8, address.length)
                        .putLong(MESSAGE_BYTES * i + 16, start + vectors + (long) VECTOR_BYTES * i)
                        .putLong(MESSAGE_BYTES * i + 24, 1)
                        .putLong(MESSAGE_BYTES * i + 32, 0)
                        .putLong(MESSAGE_BYTES * i + 40, 0)
                        .putLong(MESSAGE_BYTES * i + 48, 0)
                        .putLong(MESSAGE_BYTES * i + 56, 0);
                int vector = (int) vectors + VECTOR_BYTES * i;
                out.putLong(vector, start + out.position()).putLong(vector + 8, datagram.length);
                out.put(datagram);
            }
            while (true) {
                try {
                    return C.sendmmsg(fd.number(), block, count, 0);
                } catch (LastErrorException e) {
                    if (e.getErrorCode() != EINTR) {
                        throw failed("sendmmsg", e, fd.toString());
                    }
                }
            }
        }
    }

    private static void sendTo(Fd fd, byte[] data, byte[] address, int flags) {
        while (true) {
            try {
                if (C.IS_WIDE) {
                    C.sendto(fd.number(), data, data.length, flags, address, address.length);
                } else {
                    C.sendto(fd.number(), data, new NativeLong(data.length), flags, address, address.length);
                }
                return;
            } catch (LastErrorException e) {
                if (e.getErrorCode() != EINTR) {
                    throw failed("sendto", e, fd.toString());
                }
            }
        }
    }

    /**
     * {@code recv(2)}.
     *
     * @return how many bytes arrived, or -1 if there are none (only with {@link #MSG_DONTWAIT})
     */
    public static int receive(Fd fd, byte[] buffer, int flags) {
        while (true) {
            int length = C.IS_WIDE
                    ? (int) C.recv(fd.number(), buffer, buffer.length, flags)
                    : C.recv(fd.number(), buffer, new NativeLong(buffer.length), flags)
                            .intValue();
            if (length >= 0) {
                return length;
            }
            int errno = Native.getLastError();
            if (errno == EAGAIN) {
                return -1;
            }
            if (errno != EINTR) {
                throw failed("recv", new LastErrorException(errno), fd.toString());
            }
        }
    }

    /** {@code setsockopt(2)} with an int in host order. */
    public static void setOption(Fd fd, int level, int name, int value) {
        setOption(
                fd,
                level,
                name,
                ByteBuffer.allocate(4)
                        .order(ByteOrder.nativeOrder())
                        .putInt(value)
                        .array());
    }

    /** The same with a structure. */
    public static void setOption(Fd fd, int level, int name, byte[] value) {
        try {
            C.setsockopt(fd.number(), level, name, value, value.length);
        } catch (LastErrorException e) {
            throw failed("setsockopt", e, fd + " level " + level + " option " + name);
        }
    }

    /**
     * {@code setsockopt(2)} with {@code IPV6_ADD_MEMBERSHIP} (ipv6(7)): the socket is in the group until it is closed.
     *
     * @param group sixteen bytes
     */
    public static void joinGroup(Fd fd, byte[] group, int interfaceIndex) {
        byte[] request = ByteBuffer.allocate(group.length + 4)
                .order(ByteOrder.nativeOrder())
                .put(group)
                .putInt(interfaceIndex)
                .array();
        try {
            C.setsockopt(fd.number(), IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, request, request.length);
        } catch (LastErrorException e) {
            throw failed("setsockopt", e, fd + " IPV6_ADD_MEMBERSHIP on interface " + interfaceIndex);
        }
    }

    /**
     * {@code poll(2)} for reading.
     *
     * @param timeoutMillis negative waits for ever
     * @return whether there is something to read (or the end); false after the time or a signal
     */
    public static boolean awaitReadable(Fd fd, int timeoutMillis) {
        byte[] entry = ByteBuffer.allocate(8)
                .order(ByteOrder.nativeOrder())
                .putInt(fd.number())
                .putShort((short) POLLIN)
                .array();
        try {
            return poll(entry, 1, timeoutMillis) > 0;
        } catch (LastErrorException e) {
            if (e.getErrorCode() == EINTR) {
                return false;
            }
            throw failed("poll", e, fd.toString());
        }
    }

    /**
     * {@code poll(2)} for reading on several descriptors. An error that waits on one counts as readable: reading shows it.
     *
     * @param timeoutMillis negative waits for ever
     * @return for each whether there is something to read; all false after the time or a signal
     */
    public static boolean[] awaitReadable(List<Fd> fds, int timeoutMillis) {
        ByteBuffer entries = ByteBuffer.allocate(POLL_ENTRY_BYTES * fds.size()).order(ByteOrder.nativeOrder());
        for (Fd fd : fds) {
            entries.putInt(fd.number()).putShort((short) POLLIN).putShort((short) 0);
        }
        boolean[] readable = new boolean[fds.size()];
        try {
            poll(entries.array(), fds.size(), timeoutMillis);
        } catch (LastErrorException e) {
            if (e.getErrorCode() == EINTR) {
                return readable;
            }
            throw failed("poll", e, fds.toString());
        }
        for (int i = 0; i < readable.length; i++) {
            readable[i] = entries.getShort(POLL_ENTRY_BYTES * i + POLL_RESULT_AT) != 0;
        }
        return readable;
    }

    private static int poll(byte[] entries, int count, int timeoutMillis) {
        return C.IS_WIDE
                ? C.poll(entries, count, timeoutMillis)
                : C.poll(entries, new NativeLong(count), timeoutMillis);
    }

    /**
     * {@code ppoll(2)}.
     *
     * @param entries {@code struct pollfd} each; the kernel writes its answers there
     * @param timeout seconds and nanoseconds; null waits for ever
     * @return how many have something to tell; 0 after the time or a signal
     */
    static int poll(byte[] entries, long @Nullable [] timeout) {
        int count = entries.length / POLL_ENTRY_BYTES;
        try {
            return C.IS_WIDE
                    ? C.ppoll(entries, count, timeout, null)
                    : C.ppoll(entries, new NativeLong(count), timeout, null);
        } catch (LastErrorException e) {
            if (e.getErrorCode() == EINTR) {
                return 0;
            }
            throw failed("ppoll", e, entries.length / POLL_ENTRY_BYTES + " descriptors");
        }
    }

    /** {@code eventfd(2)} with the value 0; close-on-exec. Readable once somebody has written to it. */
    public static Fd eventDescriptor() {
        NativeAccess.require();
        try {
            return new Fd(C.eventfd(0, EFD_CLOEXEC));
        } catch (LastErrorException e) {
            throw failed("eventfd", e, "an event descriptor");
        }
    }

    /** Makes a descriptor of {@link #eventDescriptor()} readable. */
    public static void signalEvent(Fd fd) {
        write(
                fd,
                ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putLong(1).array());
    }

    /** Makes a descriptor of {@link #eventDescriptor()} that is readable unreadable again. Waits if it is not. */
    public static void clearEvent(Fd fd) {
        try {
            byte[] count = new byte[Long.BYTES];
            if (C.IS_WIDE) {
                C.read(fd.number(), count, count.length);
            } else {
                C.read(fd.number(), count, new NativeLong(count.length));
            }
        } catch (LastErrorException e) {
            if (e.getErrorCode() != EINTR) {
                throw failed("read", e, fd.toString());
            }
        }
    }

    /**
     * {@code poll(2)} for reading on two descriptors, without a time-out.
     *
     * @return true if there is something to read on {@code fd}; false as soon as {@code ending} is readable, whatever else is
     */
    public static boolean awaitReadableUnless(Fd ending, Fd fd) {
        List<Fd> both = List.of(ending, fd);
        boolean[] readable = new boolean[both.size()];
        while (!readable[0] && !readable[1]) {
            readable = awaitReadable(both, -1);
        }
        return !readable[0];
    }

    /**
     * {@code SO_ATTACH_FILTER}: lets the kernel pass only what a program chooses, instead of the program attached before.
     *
     * @param program instructions of classic BPF, {@code struct sock_filter} each
     */
    public static void attachFilter(Fd fd, byte[] program) {
        // struct sock_fprog: the count, and where the instructions are.
        try (Memory instructions = new Memory(program.length);
                Memory header = new Memory(SOCK_FPROG_BYTES)) {
            instructions.write(0, program, 0, program.length);
            header.clear();
            header.setShort(0, (short) (program.length / SOCK_FILTER_BYTES));
            header.setPointer(SOCK_FPROG_FILTER_AT, instructions);
            C.setsockopt(fd.number(), SOL_SOCKET, SO_ATTACH_FILTER, header, SOCK_FPROG_BYTES);
        } catch (LastErrorException e) {
            throw failed("setsockopt", e, fd + " SO_ATTACH_FILTER");
        }
    }

    /** {@code open(2)} for writing; close-on-exec, and creates nothing. */
    public static Fd openForWriting(String path) {
        NativeAccess.require();
        try {
            return new Fd(C.open(path, O_WRONLY | O_CLOEXEC, 0));
        } catch (LastErrorException e) {
            throw failed("open", e, path);
        }
    }

    /**
     * {@code ioctl(2)} on a device.
     *
     * @param argument read and written by the kernel, as the request says
     * @param name of the request, for messages
     */
    public static void ioctl(Fd fd, long request, byte[] argument, String name) {
        try {
            call(fd, request, argument);
        } catch (LastErrorException e) {
            throw failed(name, e, fd.toString());
        }
    }

    /**
     * {@code fcntl(2)}, {@code F_DUPFD_CLOEXEC}: another descriptor of the same open file; close-on-exec.
     *
     * @param least its number is the lowest free one from here on
     * @throws PlatformException EINVAL if that is above the limit of this process ({@code RLIMIT_NOFILE})
     */
    public static Fd duplicate(Fd fd, int least) {
        try {
            return new Fd(C.fcntl(fd.number(), F_DUPFD_CLOEXEC, new NativeLong(least)));
        } catch (LastErrorException e) {
            throw failed("fcntl", e, fd + " F_DUPFD_CLOEXEC from " + least);
        }
    }

    /** The same as {@code netdevice(7)} has it, for those who tell its errors apart. */
    static void ioctl(Fd fd, int request, byte[] argument) {
        call(fd, request, argument);
    }

    private static void call(Fd fd, long request, byte[] argument) {
        if (C.IS_WIDE) {
            C.ioctl(fd.number(), request, argument);
        } else {
            C.ioctl(fd.number(), new NativeLong(request), argument);
        }
    }

    /** {@code write(2)} of a few bytes as a whole. */
    public static void write(Fd fd, byte[] data) {
        try {
            long written = C.IS_WIDE
                    ? C.write(fd.number(), data, data.length)
                    : C.write(fd.number(), data, new NativeLong(data.length)).longValue();
            if (written != data.length) {
                throw new PlatformException(
                        "write", 0, "write took " + written + " of " + data.length + " bytes for " + fd);
            }
        } catch (LastErrorException e) {
            throw failed("write", e, fd.toString());
        }
    }

    /** {@code close(2)}. */
    static void close(int fd) {
        try {
            C.close(fd);
        } catch (LastErrorException e) {
            throw failed("close", e, "fd " + fd);
        }
    }

    /** {@code clock_gettime(CLOCK_BOOTTIME)}: nanoseconds since boot, suspend counted. */
    public static long bootNanos() {
        NativeAccess.require();
        long[] time = new long[2];
        try {
            C.clock_gettime(CLOCK_BOOTTIME, time);
        } catch (LastErrorException e) {
            throw failed("clock_gettime", e, "CLOCK_BOOTTIME");
        }
        return time[0] * 1_000_000_000L + time[1];
    }

    /** {@code pidfd_open(2)}, Linux 5.3 and later. */
    public static Fd pidfdOpen(long pid) {
        NativeAccess.require();
        try {
            return new Fd(C.syscall(new NativeLong(SYS_PIDFD_OPEN), new NativeLong(pid), new NativeLong(0))
                    .intValue());
        } catch (LastErrorException e) {
            throw failed("pidfd_open", e, "process " + pid);
        }
    }

    /**
     * {@code pidfd_send_signal(2)}, Linux 5.1 and later: reaches the process the descriptor was opened for, or nobody.
     *
     * @param signal 0 only checks that it would be allowed
     */
    public static void pidfdSendSignal(Fd pidfd, int signal) {
        NativeLong none = new NativeLong(0);
        try {
            C.syscall(
                    new NativeLong(SYS_PIDFD_SEND_SIGNAL),
                    new NativeLong(pidfd.number()),
                    new NativeLong(signal),
                    none,
                    none);
        } catch (LastErrorException e) {
            throw failed("pidfd_send_signal", e, "signal " + signal + " to " + pidfd);
        }
    }

    /**
     * {@code bpf(2)}. What the kernel changes in the blocks of the call is written back, also if it refuses.
     *
     * @param descriptors what the call asks for, in its order
     */
    public static int bpf(BpfCall call, Fd... descriptors) {
        NativeAccess.require();
        List<ByteBuffer> blocks = call.blocks();
        long[] starts = layOut(call);
        for (int i = 0; i < descriptors.length; i++) {
            BpfCall.Place place = call.descriptors().get(i);
            blocks.get(place.block()).putInt(place.at(), descriptors[i].number());
        }
        try (Memory memory = written(call, starts)) {
            try {
                return bpf(call, memory);
            } finally {
                for (int i = 0; i < blocks.size(); i++) {
                    byte[] bytes = blocks.get(i).array();
                    memory.read(starts[i], bytes, 0, bytes.length);
                }
            }
        }
    }

    /** Where its blocks begin, one after the other, and where they end. */
    static long[] layOut(BpfCall call) {
        List<ByteBuffer> blocks = call.blocks();
        long[] starts = new long[blocks.size() + 1];
        for (int i = 0; i < blocks.size(); i++) {
            starts[i + 1] = starts[i] + (blocks.get(i).capacity() + 7L) / 8 * 8;
        }
        return starts;
    }

    /** Its blocks with their addresses in memory. */
    static Memory written(BpfCall call, long[] starts) {
        List<ByteBuffer> blocks = call.blocks();
        List<BpfCall.Place> addresses = call.addresses();
        Memory memory = new Memory(starts[blocks.size()]);
        long base = Pointer.nativeValue(memory);
        for (int i = 0; i < addresses.size(); i++) {
            BpfCall.Place place = addresses.get(i);
            blocks.get(place.block()).putLong(place.at(), base + starts[i + 1]);
        }
        for (int i = 0; i < blocks.size(); i++) {
            byte[] bytes = blocks.get(i).array();
            memory.write(starts[i], bytes, 0, bytes.length);
        }
        return memory;
    }

    /** Makes a call that is written to memory, its attributes first. */
    static int bpf(BpfCall call, Memory memory) {
        try {
            long where = Pointer.nativeValue(memory);
            return C.IS_WIDE
                    ? (int) C.syscall(bpfNumber(), call.command(), where, call.attributeBytes(), 0)
                    : C.syscall(
                                    new NativeLong(bpfNumber()),
                                    new NativeLong(call.command()),
                                    new NativeLong(where),
                                    new NativeLong(call.attributeBytes()),
                                    new NativeLong(0))
                            .intValue();
        } catch (LastErrorException e) {
            throw failed(call.name(), e, "BPF");
        }
    }

    /** {@link #bpf} where it gives a descriptor; the kernel closes it when another program is started. */
    public static Fd bpfDescriptor(BpfCall call, Fd... descriptors) {
        return new Fd(bpf(call, descriptors));
    }

    /** {@code __NR_bpf}, which is not the same everywhere. */
    private static int bpfNumber() {
        String machine = System.getProperty("os.arch", "");
        return switch (machine) {
            case "amd64", "x86_64" -> 321;
            case "aarch64", "riscv64", "loongarch64" -> 280;
            case "s390x" -> 351;
            case "ppc64", "ppc64le" -> 361;
            default ->
                throw new PlatformException("bpf", 0, "the number of bpf(2) on " + machine + " is not known here");
        };
    }

    /** {@code getppid(2)}. */
    public static int parentPid() {
        NativeAccess.require();
        return C.getppid();
    }

    /** The symbol and its usual words, for messages. */
    public static String errnoName(int errno) {
        switch (errno) {
            case EPERM:
                return "EPERM (operation not permitted)";
            case ENOENT:
                return "ENOENT (no such object)";
            case ESRCH:
                return "ESRCH (no such process)";
            case ENXIO:
                return "ENXIO (no such interface)";
            case E2BIG:
                return "E2BIG (full)";
            case ENOMEM:
                return "ENOMEM (the kernel has no memory)";
            case ENOSPC:
                return "ENOSPC (no room)";
            case EADDRINUSE:
                return "EADDRINUSE (in use)";
            case EACCES:
                return "EACCES (permission denied)";
            case EEXIST:
                return "EEXIST (already exists)";
            case ENODEV:
                return "ENODEV (no such interface)";
            case EBUSY:
                return "EBUSY (in use by somebody else)";
            case EMFILE:
                return "EMFILE (too many open files)";
            case ENOTTY:
                return "ENOTTY (the device does not know this request)";
            case EINVAL:
                return "EINVAL (invalid argument)";
            case EMSGSIZE:
                return "EMSGSIZE (longer than the send buffer: raise net.core.wmem_max)";
            case EAGAIN:
                return "EAGAIN (no room at the moment)";
            case EPROTONOSUPPORT:
                return "EPROTONOSUPPORT (this kernel does not know the protocol)";
            case EAFNOSUPPORT:
                return "EAFNOSUPPORT (this kernel does not know the address family)";
            case ENETUNREACH:
                return "ENETUNREACH (no route)";
            case EHOSTUNREACH:
                return "EHOSTUNREACH (host unreachable)";
            case ESTALE:
                return "ESTALE (another object by now)";
            case EOPNOTSUPP:
                return "EOPNOTSUPP (not supported by this kernel)";
            case EADDRNOTAVAIL:
                return "EADDRNOTAVAIL (no such address)";
            case ENETDOWN:
                return "ENETDOWN (interface is down)";
            case ENOBUFS:
                return "ENOBUFS (dropped by the host itself)";
            default:
                return "errno " + errno;
        }
    }
}
