package org.understudy.ha.membership.security;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.NodeId;

/**
 * Makes a cluster's authority and the keys of its nodes, from a shell:
 *
 * <pre>
 * java -cp ... org.understudy.ha.membership.security.CertificatesCommand DIRECTORY CLUSTER NODE...
 * java -cp ... org.understudy.ha.membership.security.CertificatesCommand --add DIRECTORY NODE...
 * </pre>
 *
 * <p>Exit status: 0 done, 1 could not be done (the reason is on standard error), 2 wrong usage.
 */
public final class CertificatesCommand {
    private static final String USAGE = String.join(
            System.lineSeparator(),
            "usage: CertificatesCommand DIRECTORY CLUSTER NODE...   make an authority and the keys of all nodes",
            "       CertificatesCommand --add DIRECTORY NODE...     sign further nodes with that authority",
            "",
            "  DIRECTORY  must not exist yet (with --add: what the first form made)",
            "  CLUSTER    name of the cluster: lower-case letters, digits, hyphens",
            "  NODE       name of a node: lower-case letters, digits, hyphens");

    private CertificatesCommand() {}

    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments), System.out, System.err));
    }

    static int run(List<String> arguments, PrintStream out, PrintStream err) {
        if (arguments.equals(List.of("--help"))) {
            out.println(USAGE);
            return 0;
        }
        boolean isAdding = !arguments.isEmpty() && arguments.get(0).equals("--add");
        if (arguments.size() < 3 || !isAdding && arguments.get(0).startsWith("-")) {
            err.println(USAGE);
            return 2;
        }
        try {
            List<NodeId> nodes = nodes(arguments.subList(2, arguments.size()));
            if (isAdding) {
                Path directory = Path.of(arguments.get(1));
                // Drafts of single nodes stand inside the directory, under the node's name.
                for (NodeId node : nodes) {
                    warnOfLeftovers(err, directory.resolve(node.value()));
                }
                for (NodeId node : nodes) {
                    copy(out, node, ClusterCertificates.addNode(directory, node));
                }
            } else {
                warnOfLeftovers(err, Path.of(arguments.get(0)));
                report(out, ClusterCertificates.create(Path.of(arguments.get(0)), arguments.get(1), nodes));
            }
            return 0;
        } catch (HaException e) {
            err.println(e.getMessage());
            return 1;
        }
    }

    private static void warnOfLeftovers(PrintStream err, Path directory) {
        for (Path draft : ClusterCertificates.leftovers(directory)) {
            err.println("An earlier run seems to have been interrupted and left private keys in " + draft
                    + ": unless another run is under way, rm -r " + draft);
        }
    }

    private static List<NodeId> nodes(List<String> names) {
        List<NodeId> nodes = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        for (String name : names) {
            try {
                nodes.add(NodeId.of(name));
            } catch (ConfigurationException e) {
                problems.addAll(e.problems());
            }
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
        return nodes;
    }

    private static void report(PrintStream out, ClusterCertificates made) {
        out.println("Made the authority and " + made.nodes().size() + " nodes of cluster " + made.cluster() + " in "
                + made.directory());
        made.nodes().forEach((node, directory) -> copy(out, node, directory));
        out.println("Keep " + made.authority() + " off the nodes, in a safe place: it signs further nodes (--add).");
    }

    private static void copy(PrintStream out, NodeId node, Path directory) {
        out.println(
                "  node " + node + ": copy " + directory + " to that host, readable by the application's user only");
    }
}
