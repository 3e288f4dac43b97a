package org.understudy.ha.membership.jgroups;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.GroupChannel;
import org.understudy.ha.membership.refusal.RefusalCounts;
import org.understudy.ha.membership.security.NodeKeys;

/** A node in a process of its own, which tests kill and stop. Arguments: self, keys directory, then node=port. */
final class ChannelProcess {
    private ChannelProcess() {}

    public static void main(String[] arguments) throws IOException {
        NodeId self = NodeId.of(arguments[0]);
        Map<NodeId, List<InetSocketAddress>> nodes = new LinkedHashMap<>();
        for (int i = 2; i < arguments.length; i++) {
            String[] pair = arguments[i].split("=");
            nodes.put(
                    NodeId.of(pair[0]),
                    List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(pair[1]))));
        }
        LinkSecurity security = new LinkSecurity.MutualTls(NodeKeys.load(Path.of(arguments[1])));
        JGroupsChannel channel = new JGroupsChannel(
                new ChannelSettings("demo", self, nodes, security, Thread::new), new RefusalCounts());
        channel.start(new GroupChannel.Receiver() {
            @Override
            public void onFrame(NodeId from, byte[] frame) {
                channel.send(
                        from, ("echo " + new String(frame, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8));
            }

            @Override
            public void onView(List<NodeId> members) {}
        });
        System.err.println("READY");
        // Ends with the test: its end of the pipe closes.
        while (System.in.read() >= 0) {}
        channel.close();
    }
}
