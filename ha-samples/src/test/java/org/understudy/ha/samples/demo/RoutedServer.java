package org.understudy.ha.samples.demo;

import java.nio.file.Path;
import java.util.Scanner;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.iptakeover.FloatingAddress;
import org.understudy.ha.iptakeover.LinkMonitor;
import org.understudy.ha.samples.events.EventJson;

/**
 * A node whose one group leaves a server that does not reach the router. Arguments as those of the sample; it prints why the group is where
 * it is whenever it reads a line.
 */
final class RoutedServer {
    static final String ROUTER = "10.77.0.4";

    private RoutedServer() {}

    public static void main(String[] arguments) {
        try (HaNode node = HaNode.builder()
                .cluster("mutual-failover")
                .node(arguments[0])
                .peer("serv1", "10.88.0.1:7400")
                .peer("serv2", "10.88.0.2:7400")
                .witness("witness", "10.88.0.3:7400")
                .stateDirectory(Path.of(arguments[1]))
                .keys(Path.of(arguments[2]))
                .form()
                .start()) {
            node.listen(event -> System.out.println(EventJson.of(event)));
            if (!arguments[0].equals("witness")) {
                node.resources()
                        .register(Group.named(Stage.GROUP)
                                .prefer("serv1", "serv2")
                                .resource(
                                        "link",
                                        LinkMonitor.on("lan0")
                                                .gateway(ROUTER)
                                                .backAfter(1)
                                                .build())
                                .resource(
                                        "address",
                                        FloatingAddress.builder()
                                                .address("10.77.0.50")
                                                .networkInterface("lan0")
                                                .build())
                                .build());
            }
            Scanner in = new Scanner(System.in);
            while (in.hasNextLine()) {
                in.nextLine();
                System.out.println("because: " + node.advisor().explain(Stage.GROUP));
            }
        }
    }
}
