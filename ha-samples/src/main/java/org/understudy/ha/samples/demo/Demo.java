package org.understudy.ha.samples.demo;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.security.ClusterCertificates;
import org.understudy.ha.samples.mutualfailover.MutualFailover;
import org.understudy.ha.testkit.netns.Jvm;
import org.understudy.ha.testkit.netns.Namespaces;

/**
 * The program behind {@code ./demo}; see {@link Arguments#USAGE}. Outside it looks for a way into private namespaces and
 * starts itself there; inside it builds the stage and plays.
 */
public final class Demo {
    private static final int FAILED = 1;
    private static final int MISUSED = 2;
    private static final String SCRATCH = "understudy.demo.scratch";
    /** Another program to run as a node; it must take the sample's arguments and speak its lines. */
    private static final String NODE = "understudy.demo.node";

    private Demo() {}

    public static void main(String[] words) {
        // The story is UTF-8 whatever the locale says, like the shell script that starts it.
        System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
        System.exit(play(List.of(words)));
    }

    private static int play(List<String> words) {
        try {
            Arguments arguments = Arguments.parse(words);
            if (arguments.isHelp()) {
                System.out.println(Arguments.USAGE);
                return 0;
            }
            return Namespaces.isInside() ? inside(arguments) : outside(words);
        } catch (ConfigurationException e) {
            System.err.println("demo: " + e.getMessage() + "\n\n" + Arguments.USAGE);
            return MISUSED;
        } catch (HaException e) {
            System.err.println("demo: " + e.getMessage());
            return FAILED;
        } catch (IOException e) {
            System.err.println("demo: a file cannot be written: " + e.getMessage());
            return FAILED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return FAILED;
        }
    }

    private static int outside(List<String> words) throws IOException, InterruptedException {
        Namespaces namespaces = Namespaces.available();
        Path scratch = Files.createTempDirectory("understudy-demo-");
        List<String> flags = new ArrayList<>(List.of("-D" + SCRATCH + "=" + scratch, "-Djava.io.tmpdir=" + scratch));
        if (System.getProperty(NODE) != null) {
            flags.add("-D" + NODE + "=" + System.getProperty(NODE));
        }
        return namespaces.run(scratch, Jvm.command(192, flags, Demo.class, words));
    }

    private static int inside(Arguments arguments) {
        boolean hasColours = "1".equals(System.getenv("UNDERSTUDY_DEMO_COLOUR"));
        Narrator narrator = new Narrator(arguments.isJson() ? System.err : System.out, hasColours);
        Path scratch = Path.of(System.getProperty(SCRATCH));
        long begin = System.nanoTime();
        introduce(narrator);
        Map<String, Path> keys = keys(narrator, scratch);
        narrator.aside("starting three nodes and two clients, one JVM each");
        List<Result> results = new ArrayList<>();
        try (Stage stage = Stage.build(System.getProperty(NODE, MutualFailover.class.getName()), scratch, keys)) {
            stage.settle();
            narrator.aside("settled after " + Result.millis(System.nanoTime() - begin)
                    + " ms: 'files' runs on serv1, 'mail' on serv2, the clients are served");
            for (Fault fault : arguments.faults()) {
                List<Result> runs = runs(stage, fault, arguments, narrator);
                results.addAll(runs);
                if (arguments.runs() > 1) {
                    narrator.medians(runs);
                }
            }
        }
        if (arguments.faults().size() > 1) {
            narrator.table(results);
        }
        boolean isGood = results.stream().allMatch(Result::isGood);
        narrator.line("");
        if (isGood) {
            narrator.good("Every run failed over, every token grew, and two hosts never answered for one address. ("
                    + (System.nanoTime() - begin) / 1_000_000_000 + " s)");
        } else {
            narrator.bad("Not every run was good: see above.");
        }
        return isGood ? 0 : FAILED;
    }

    private static List<Result> runs(Stage stage, Fault fault, Arguments arguments, Narrator narrator) {
        List<Result> results = new ArrayList<>();
        boolean isStory = arguments.runs() == 1;
        narrator.heading(fault.word() + ": " + fault.title());
        narrator.line("   " + fault.story());
        for (int number = 1; number <= arguments.runs(); number++) {
            Stage.Run run = stage.run(fault, number);
            Result result = run.result();
            results.add(result);
            if (isStory) {
                narrator.tell(result, result.after().isPresent() ? run.reason() : "");
            } else {
                narrator.brief(result);
            }
            if (result.after().isEmpty()) {
                narrator.bad(run.reason());
            }
            for (String sentence : result.unheard()) {
                narrator.bad("Not proved that two hosts never answered: " + sentence + ".");
            }
            if (arguments.isJson()) {
                System.out.println(result.toJson());
                System.out.flush();
            }
            long begin = System.nanoTime();
            stage.settle();
            if (isStory) {
                narrator.aside("'files' is back on serv1 after " + Result.millis(System.nanoTime() - begin) + " ms");
            }
        }
        return results;
    }

    private static void introduce(Narrator narrator) {
        narrator.heading("two servers, each the understudy of the other");
        narrator.line("""
                      client1     client2               each asks both services every millisecond,
                                                         'files' over IPv6 as well
                   ------+-----------+---------------   LAN 10.77.0.0/24, fd77::/64
                       serv1       serv2     witness    'files' 10.77.0.50:8081 and [fd77::50]:8081 at home on serv1
                         |           |          |       'mail'  10.77.0.60:8082 and [fd77::60]:8082 at home on serv2
                   ------+-----------+----------+----   private network 10.88.0.0/24, mutual TLS
                """);
    }

    private static Map<String, Path> keys(Narrator narrator, Path scratch) {
        narrator.aside("making the cluster's own certificate authority and a certificate for each node");
        List<NodeId> nodes = List.of(NodeId.of("serv1"), NodeId.of("serv2"), NodeId.of("witness"));
        ClusterCertificates made = ClusterCertificates.create(scratch.resolve("keys"), "mutual-failover", nodes);
        Map<String, Path> keys = new LinkedHashMap<>();
        made.nodes().forEach((node, directory) -> keys.put(node.value(), directory));
        return keys;
    }
}
