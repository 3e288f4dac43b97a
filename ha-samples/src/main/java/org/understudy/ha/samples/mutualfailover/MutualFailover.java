package org.understudy.ha.samples.mutualfailover;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Scanner;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.iptakeover.FloatingAddress;
import org.understudy.ha.samples.events.EventJson;

/** Arguments: node name, state directory, key directory [--json]. Commands: move GROUP NODE, quit; others show the status. */
public final class MutualFailover {
    private MutualFailover() {}

    public static void main(String[] args) {
        if (args.length < 3) {
            System.err.println("usage: MutualFailover NODE STATE_DIRECTORY KEY_DIRECTORY [--json]");
            System.exit(2);
        }
        boolean json = args.length > 3 && args[3].equals("--json");
        try (HaNode node = HaNode.builder()
                .cluster("mutual-failover")
                .node(args[0])
                .peer("serv1", "10.88.0.1:7400")
                .peer("serv2", "10.88.0.2:7400")
                .witness("witness", "10.88.0.3:7400")
                .stateDirectory(Path.of(args[1]))
                .keys(Path.of(args[2]))
                .form()
                .start()) {
            node.listen(event -> System.out.println(json ? EventJson.of(event) : describe(event)));
            if (!args[0].equals("witness")) {
                node.resources().register(group("files", 8081, List.of("10.77.0.50", "fd77::50"), "serv1", "serv2"));
                node.resources().register(group("mail", 8082, List.of("10.77.0.60", "fd77::60"), "serv2", "serv1"));
            }
            obey(node);
        } catch (HaException e) {
            System.err.println(args[0] + ": " + e.getMessage());
            System.exit(1);
        }
    }

    private static Group group(String name, int port, List<String> addresses, String... preferred) {
        return Group.named(name)
                .prefer(preferred)
                .resourceBehindAddress("service", new LineService(port))
                .resource(
                        "address",
                        FloatingAddress.builder()
                                .addresses(addresses)
                                .networkInterface("lan0")
                                .build())
                .build();
    }

    private static String describe(HaEvent event) {
        if (event instanceof HaEvent.GroupChanged changed) {
            var status = changed.status();
            return status.group() + " is " + status.state()
                    + status.holder().map(h -> ", held by " + h).orElse("")
                    + status.token().map(t -> " under token " + t).orElse("")
                    + status.proof().map(p -> ", proof " + p).orElse("") + ": " + status.reason();
        }
        return event.toString();
    }

    private static void obey(HaNode node) {
        Scanner in = new Scanner(System.in);
        while (in.hasNextLine()) {
            String[] words = in.nextLine().trim().split(" +");
            if (words[0].equals("move") && words.length == 3) {
                var moved = node.resources().move(words[1], NodeId.of(words[2]), Duration.ofSeconds(5));
                moved.thenAccept(result -> System.err.println(words[1] + " to " + words[2] + ": " + result));
            } else if (words[0].equals("quit")) {
                return;
            } else {
                System.err.println(node.state() + "; " + node.resources().status() + "\n" + node.assumptions());
            }
        }
    }
}
