package org.understudy.ha.iptakeover.jna;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Looks at one interface by {@code ioctl(2)} on any socket, netdevice(7), prepared once: for those who look many times a second. Not
 * thread-safe.
 *
 * <pre>
 * struct ifreq: 0  16  name    16  8  the index, or where the struct ethtool_value is    24  16  unused
 * struct ethtool_value: 0  4  command    4  4  answer
 * </pre>
 */
public final class LinkLook {
    private static final int SIOCGIFINDEX = 0x8933;
    private static final int SIOCETHTOOL = 0x8946;
    private static final int ETHTOOL_GLINK = 0x0a;

    private static final int NAME_BYTES = 16;
    private static final int REQUEST_BYTES = 40;
    private static final int VALUE_BYTES = 8;

    private final String name;
    private final byte[] index;
    private final ByteBuffer indexView;
    private final byte[] link;
    private final Memory value = new Memory(VALUE_BYTES);
    /** The driver cannot tell. */
    private boolean isMute;

    /**
     * @param name of an interface, at most 15 characters
     */
    public LinkLook(String name) {
        this.name = name;
        byte[] request =
                Arrays.copyOf(Arrays.copyOf(name.getBytes(StandardCharsets.US_ASCII), NAME_BYTES - 1), REQUEST_BYTES);
        index = request.clone();
        indexView = ByteBuffer.wrap(index).order(ByteOrder.nativeOrder());
        link = request;
        ByteBuffer out = ByteBuffer.wrap(link).order(ByteOrder.nativeOrder());
        long where = Pointer.nativeValue(value);
        if (Native.POINTER_SIZE == Long.BYTES) {
            out.putLong(NAME_BYTES, where);
        } else {
            out.putInt(NAME_BYTES, (int) where);
        }
    }

    public String name() {
        return name;
    }

    /** {@code SIOCGIFINDEX}: the index of the interface that has the name now; 0 if there is none. */
    public int index(Fd socket) {
        indexView.putInt(NAME_BYTES, 0);
        try {
            Libc.ioctl(socket, SIOCGIFINDEX, index);
            return indexView.getInt(NAME_BYTES);
        } catch (LastErrorException e) {
            return noneOrThrow(e);
        }
    }

    /** {@code ETHTOOL_GLINK}: whether it is up and has a carrier; false also where its driver does not tell. */
    public boolean hasLink(Fd socket) {
        if (isMute) {
            return false;
        }
        value.setInt(0, ETHTOOL_GLINK);
        value.setInt(Integer.BYTES, 0);
        try {
            Libc.ioctl(socket, SIOCETHTOOL, link);
            return value.getInt(Integer.BYTES) != 0;
        } catch (LastErrorException e) {
            isMute = e.getErrorCode() == Libc.EOPNOTSUPP;
            return !isMute && noneOrThrow(e) != 0;
        }
    }

    private int noneOrThrow(LastErrorException e) {
        if (e.getErrorCode() == Libc.ENODEV) {
            return 0;
        }
        throw Libc.failed("ioctl", e, "interface " + name);
    }
}
