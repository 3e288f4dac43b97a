package org.understudy.ha.iptakeover.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.spi.WatchdogPort;

/**
 * {@code /dev/watchdog} and its numbered brothers, {@code include/uapi/linux/watchdog.h}. The shell twin of feeding is
 * {@code echo 1 > /dev/watchdog}, of stopping {@code echo V > /dev/watchdog}.
 */
public final class LinuxWatchdog implements WatchdogPort {
    /** {@code _IOR('W', 0, struct watchdog_info)}: u32 options, u32 firmware_version, u8 identity[32]. */
    static final long WDIOC_GETSUPPORT = 0x80285700L;

    /** {@code _IOR('W', 5, int)}. */
    static final long WDIOC_KEEPALIVE = 0x80045705L;

    /** {@code _IOWR('W', 6, int)}. */
    static final long WDIOC_SETTIMEOUT = 0xC0045706L;

    /** {@code _IOR('W', 7, int)}. */
    static final long WDIOC_GETTIMEOUT = 0x80045707L;

    static final int WDIOF_SETTIMEOUT = 0x0080;
    static final int WDIOF_MAGICCLOSE = 0x0100;
    static final int WDIOF_KEEPALIVEPING = 0x8000;

    private static final int INFO_LENGTH = 40;
    private static final int IDENTITY_AT = 8;
    private static final byte[] MAGIC = {'V'};
    private static final Path SYSFS = Path.of("/sys/class/watchdog");

    private final Path path;
    private final Path sysfs;

    public LinuxWatchdog(Path path) {
        this(path, SYSFS);
    }

    LinuxWatchdog(Path path, Path sysfs) {
        this.path = path;
        this.sysfs = sysfs;
    }

    @Override
    public String name() {
        return path.toString();
    }

    @Override
    public long bootNanos() {
        return Libc.bootNanos();
    }

    /** {@code /dev/watchdog} is the old name of {@code /dev/watchdog0}. */
    @Override
    public Optional<Boolean> isNoWayOut() {
        String device = String.valueOf(path.getFileName());
        Path file =
                sysfs.resolve(device.equals("watchdog") ? "watchdog0" : device).resolve("nowayout");
        try {
            return switch (Files.readString(file).strip()) {
                case "0" -> Optional.of(false);
                case "1" -> Optional.of(true);
                default -> Optional.empty();
            };
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public Device open() {
        return new Open(Libc.openForWriting(path.toString()));
    }

    private static ByteBuffer argument(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
    }

    private static final class Open implements Device {
        private final Fd fd;

        private Open(Fd fd) {
            this.fd = fd;
        }

        @Override
        public Support support() {
            ByteBuffer info = argument(INFO_LENGTH);
            Libc.ioctl(fd, WDIOC_GETSUPPORT, info.array(), "WDIOC_GETSUPPORT");
            int options = info.getInt(0);
            String identity = new String(
                            info.array(), IDENTITY_AT, INFO_LENGTH - IDENTITY_AT, StandardCharsets.US_ASCII)
                    .replaceAll("\0.*", "");
            return new Support(
                    identity,
                    (options & WDIOF_SETTIMEOUT) != 0,
                    (options & WDIOF_MAGICCLOSE) != 0,
                    (options & WDIOF_KEEPALIVEPING) != 0);
        }

        @Override
        public int setTimeout(int seconds) {
            ByteBuffer wanted = argument(Integer.BYTES).putInt(0, seconds);
            Libc.ioctl(fd, WDIOC_SETTIMEOUT, wanted.array(), "WDIOC_SETTIMEOUT");
            return timeout();
        }

        @Override
        public int timeout() {
            ByteBuffer actual = argument(Integer.BYTES);
            Libc.ioctl(fd, WDIOC_GETTIMEOUT, actual.array(), "WDIOC_GETTIMEOUT");
            return actual.getInt(0);
        }

        @Override
        public void feed() {
            Libc.ioctl(fd, WDIOC_KEEPALIVE, argument(Integer.BYTES).array(), "WDIOC_KEEPALIVE");
        }

        @Override
        public void stop() {
            Libc.write(fd, MAGIC);
            fd.close();
        }

        @Override
        public void close() {
            fd.close();
        }
    }
}
