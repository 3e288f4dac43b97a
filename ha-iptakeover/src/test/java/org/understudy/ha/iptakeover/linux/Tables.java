package org.understudy.ha.iptakeover.linux;

import java.util.List;
import org.understudy.ha.iptakeover.netlink.NfTables;

/** What {@code nft list tables} shows, on hosts without nft. */
public final class Tables {
    private Tables() {}

    /** The names, each once for every family. */
    public static List<String> names() {
        try (NetlinkSocket socket = NetlinkSocket.open(NetlinkSocket.NETFILTER)) {
            return socket.dump(NfTables.dumpTables(), "NFT_MSG_GETTABLE").stream()
                    .flatMap(m -> NfTables.decodeTable(m).stream())
                    .map(NfTables.Table::name)
                    .sorted()
                    .toList();
        }
    }
}
