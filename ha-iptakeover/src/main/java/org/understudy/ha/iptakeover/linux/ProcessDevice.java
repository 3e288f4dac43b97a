package org.understudy.ha.iptakeover.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.NativeAccess;
import org.understudy.ha.iptakeover.netlink.LinkChange;
import org.understudy.ha.iptakeover.spi.LinkControl;
import org.understudy.ha.iptakeover.spi.LinkTable;

/**
 * A network device that ends with this process: a TUN that is not persistent ({@code Documentation/networking/tuntap.rst}). It is
 * up, carries no frame, and is there for addresses to stand on; the kernel takes both away when the last descriptor of it is closed, in whatever
 * way the process ends. {@code ip tuntap add} makes a persistent one, so there is no shell twin.
 *
 * <p><b>Who has the descriptor.</b> It is close-on-exec, so a child process does not keep the device. A child that was forked and executes nothing
 * would; the JVM makes none.
 *
 * <p><b>When it ends.</b> The kernel closes what a killed process leaves from the highest number down (task_work, last in, first
 * out), and waits some 10 ms with each packet socket. So the descriptor is moved to a number above the usual ones: with six packet
 * sockets the device was gone after 2 ms, and after 50 to 100 ms without that.
 *
 * <p><b>What is set.</b> No link-local address, and no multicast, so that programs which join groups on every interface pass it
 * over; a queue of one packet, because nobody reads what somebody sends into it by force.
 *
 * <p>Thread-safe. Opening takes less than a millisecond, closing some ten: the kernel waits for all processors.
 */
public final class ProcessDevice implements AutoCloseable {
    static final String PATH = "/dev/net/tun";

    /** The kernel puts the lowest free number in. */
    private static final String NAME_PATTERN = "ust%d";

    private static final String KIND = "tun";

    /** {@code _IOW('T', 202, int)}, {@code linux/if_tun.h}. */
    private static final long TUNSETIFF = 0x400454caL;
    /** {@code struct ifreq}. */
    private static final int REQUEST_BYTES = 40;

    private static final int NAME_BYTES = 16;
    private static final int FLAGS_AT = 16;
    private static final short IFF_TUN = 0x0001;
    private static final short IFF_NO_PI = 0x1000;

    /** Above what the process has open otherwise, or else as high as its limit allows. */
    private static final int[] NUMBERS_MIN = {10_000, 1_000};

    private final Fd fd;
    private final String name;
    private final int index;

    private ProcessDevice(Fd fd, String name, int index) {
        this.fd = fd;
        this.name = name;
        this.index = index;
    }

    /**
     * Makes one and puts it up. Nothing stays if that fails.
     *
     * @param isForV6 IPv6 is switched on there, where the host has it off by default
     * @throws PlatformException with the remedy: without {@code /dev/net/tun}, the permission to open it, or CAP_NET_ADMIN
     */
    public static ProcessDevice open(boolean isForV6) {
        Fd fd = openFile();
        boolean isOpen = false;
        try {
            String name = attach(fd);
            fd = raised(fd);
            ProcessDevice device = new ProcessDevice(fd, name, index(name));
            device.putUp(isForV6);
            isOpen = true;
            return device;
        } finally {
            if (!isOpen) {
                fd.close();
            }
        }
    }

    private static Fd openFile() {
        NativeAccess.require();
        try {
            return Libc.openForWriting(PATH);
        } catch (PlatformException e) {
            String remedy = remedy(e.errno());
            throw remedy.isEmpty() ? e : new PlatformException("open", e.errno(), e.getMessage() + ": " + remedy, e);
        }
    }

    private static String remedy(int errno) {
        switch (errno) {
            case Libc.ENOENT:
                return "`modprobe tun`, or give --device " + PATH + " to the container";
            case Libc.ENODEV:
            case Libc.ENXIO:
                return "the kernel has no TUN driver loaded, `modprobe tun` on the host (CONFIG_TUN)";
            case Libc.EPERM:
                return "its control group does not allow the device, give --device " + PATH
                        + " to the container, or DeviceAllow=" + PATH + " rw to the systemd unit";
            case Libc.EACCES:
                return "let this user open it, `chmod 666 " + PATH + "`, or run as root";
            default:
                return "";
        }
    }

    private static String attach(Fd fd) {
        byte[] request = ByteBuffer.allocate(REQUEST_BYTES)
                .order(ByteOrder.nativeOrder())
                .put(NAME_PATTERN.getBytes(StandardCharsets.US_ASCII))
                .putShort(FLAGS_AT, (short) (IFF_TUN | IFF_NO_PI))
                .array();
        try {
            Libc.ioctl(fd, TUNSETIFF, request, "TUNSETIFF");
        } catch (PlatformException e) {
            if (e.errno() == Libc.EPERM) {
                throw new PlatformException(
                        "TUNSETIFF",
                        e.errno(),
                        "a TUN device was refused: " + Libc.errnoName(e.errno()) + ". " + Capabilities.NET_ADMIN_REMEDY,
                        e);
            }
            throw e;
        }
        String name = new String(request, 0, NAME_BYTES, StandardCharsets.US_ASCII);
        return name.substring(0, name.indexOf(0));
    }

    private static Fd raised(Fd fd) {
        for (int least : NUMBERS_MIN) {
            try {
                Fd higher = Libc.duplicate(fd, least);
                fd.close();
                return higher;
            } catch (PlatformException e) {
                if (e.errno() != Libc.EINVAL && e.errno() != Libc.EMFILE) {
                    throw e;
                }
            }
        }
        return fd;
    }

    private static int index(String name) {
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            return links.byName(name)
                    .map(LinkTable.Link::index)
                    .orElseThrow(
                            () -> new PlatformException("TUNSETIFF", 0, "somebody took " + name + " away at once"));
        }
    }

    private void putUp(boolean isForV6) {
        try (LinuxLinkControl control = new LinuxLinkControl()) {
            LinkControl.Entry made = control.byIndex(index)
                    .orElseThrow(
                            () -> new PlatformException("TUNSETIFF", 0, "somebody took " + name + " away at once"));
            control.setIpv6AddressMode(made, LinkChange.NO_ADDRESS_OF_ITS_OWN);
            if (isForV6) {
                control.setIpv6Off(made, false);
            }
            control.setUpSilent(index);
        }
    }

    /**
     * To be called once the addresses stand: with one of IPv6 the kernel makes it a way to all groups, which would draw what programs
     * send to a group without naming an interface.
     *
     * @throws PlatformException if the kernel refuses
     */
    public void drawNothing() {
        try (LinuxLinkControl control = new LinuxLinkControl()) {
            control.removeWayToGroups(index);
        }
    }

    /**
     * Whether such devices can be made here. Changes nothing that stays.
     *
     * @throws PlatformException with the remedy
     */
    public static void tryOut() {
        ProcessDevice trial = open(false);
        try {
            trial.drawNothing();
        } finally {
            trial.close();
        }
    }

    /**
     * Whether an interface is one of a process, this or another: then that process lives, or is just ending. A TAP, which has a hardware
     * address, is a card.
     */
    public static boolean isOne(int interfaceIndex) {
        try (LinuxLinkControl control = new LinuxLinkControl();
                LinuxLinkTable links = new LinuxLinkTable()) {
            boolean isTun = control.byIndex(interfaceIndex)
                    .filter(link -> link.kind().equals(KIND))
                    .isPresent();
            return isTun
                    && links.byIndex(interfaceIndex)
                            .filter(link -> link.mac().isEmpty())
                            .isPresent();
        }
    }

    /**
     * Why nothing on it can be reached, in words; empty if it can.
     *
     * @throws PlatformException if the kernel cannot be asked
     */
    public Optional<String> problem() {
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            Optional<LinkTable.Link> now = links.byIndex(index);
            if (now.isEmpty()) {
                return Optional.of(
                        "somebody took away " + name + ", the device of this process that its addresses stand on");
            }
            return now.get().isUp()
                    ? Optional.empty()
                    : Optional.of("somebody switched off " + name
                            + ", the device of this process that its addresses stand on: `ip link set "
                            + now.get().name() + " up`");
        }
    }

    public String name() {
        return name;
    }

    public int index() {
        return index;
    }

    /** The device and whatever stands on it go. */
    @Override
    public void close() {
        fd.close();
    }
}
