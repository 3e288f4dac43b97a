package org.understudy.ha.iptakeover.bpf;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.understudy.ha.iptakeover.packet.IpAddress;

/** Both maps of a guard, as the library fills them. */
public final class SimulatedMaps {
    private final Map<String, byte[]> held = new LinkedHashMap<>();
    private final Map<Long, byte[]> until = new TreeMap<>();
    private final Map<IpAddress, Long> stays = new LinkedHashMap<>();
    private final Map<Long, Long> deadlines = new TreeMap<>();

    /** Holds addresses; IPv6 also what cannot be read. */
    public void hold(IpAddress address, long stay) {
        stays.put(address, stay);
        byte[] key = GuardMaps.key(address);
        held.put(hex(key), GuardMaps.held(key, stay));
        if (address.isV6()) {
            byte[] unreadable = GuardMaps.unreadable();
            held.put(hex(unreadable), GuardMaps.held(unreadable, 0));
        }
    }

    public void extend(long stay, long deadlineNanos) {
        deadlines.put(stay, deadlineNanos);
        until.put(stay, GuardMaps.until(stay, deadlineNanos));
    }

    /** What a program sees that reads an element while the kernel uses it anew. */
    void mix(IpAddress address, byte[] value) {
        held.put(hex(GuardMaps.key(address)), value);
    }

    void mix(long stay, byte[] value) {
        until.put(stay, value);
    }

    byte[] held(byte[] key) {
        return held.getOrDefault(hex(key), new byte[0]);
    }

    byte[] until(byte[] key) {
        return until.getOrDefault(GuardMaps.stayOf(key), new byte[0]);
    }

    /** Whether the address is held and may not speak. */
    boolean isMute(IpAddress address, long bootNanos) {
        Long stay = stays.get(address);
        if (stay == null) {
            return false;
        }
        Long deadline = deadlines.get(stay);
        return deadline == null || Long.compareUnsigned(bootNanos, deadline) >= 0;
    }

    boolean holdsV6() {
        return stays.keySet().stream().anyMatch(IpAddress::isV6);
    }

    /** Keys and values of {@code held}, for a map of the kernel. */
    public Map<byte[], byte[]> heldEntries() {
        Map<byte[], byte[]> entries = new LinkedHashMap<>();
        held.forEach((key, value) -> entries.put(HexFormat.of().parseHex(key), value));
        return entries;
    }

    /** The stays and their deadlines. */
    public List<Map.Entry<Long, Long>> deadlines() {
        return new ArrayList<>(deadlines.entrySet());
    }

    private static String hex(byte[] key) {
        return HexFormat.of().formatHex(key);
    }
}
