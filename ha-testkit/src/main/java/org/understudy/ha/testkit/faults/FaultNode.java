package org.understudy.ha.testkit.faults;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Scanner;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.understudy.ha.api.Assumptions;
import org.understudy.ha.api.Fault;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.Lease;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Operator;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.HaNodeBuilder;
import org.understudy.ha.api.config.WithoutQuorum;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.iptakeover.FloatingAddress;

/**
 * A node of the fault suite: an application with five kinds of groups whose effects can be judged from outside.
 *
 * <p>Arguments: name, life, number of nodes, state directory, key directory, address of the sink, names of the lock groups with a comma
 * between, directory of the locks. Commands: {@code move GROUP NODE}, {@code lock NAME} (registers another lock group), {@code outlook
 * QUESTION FAULTS...}, {@code quit}; and an operator's words {@code standby NODE}, {@code activate NODE}, {@code remove NODE}, {@code admit
 * NODE}, {@code down NODE INCARNATION}, {@code force}, to which it answers {@code V}, whether it is done, and the words.
 * Besides what its resources report, it prints {@code G}, instant, group, state, holder, token, proof, reason; and {@code N},
 * instant, life, state, reason. To {@code outlook} it answers {@code P}, instant and a {@link Foretold} for each, then {@code Q} and the question.
 */
public final class FaultNode {
    static final String FILES = "files";
    static final String WRITER = "writer";
    static final String ELECTION = "election:report";
    /** A group that only its own process can end, and one like it that goes on without a majority; each with a generation. */
    static final String LOCK = "lock-";

    static final String KEEPER = "keeper-";
    static final String FLOATING = "10.77.0.50";
    static final int PORT = 8081;
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Report report = new Report();
    private final String name;
    private final String life;
    private final int nodes;
    private final Path locks;

    private FaultNode(String name, String life, int nodes, Path locks) {
        this.name = name;
        this.life = life;
        this.nodes = nodes;
        this.locks = locks;
    }

    public static void main(String[] arguments) {
        String name = arguments[0];
        int nodes = Integer.parseInt(arguments[2]);
        FaultNode program = new FaultNode(name, name + "/" + arguments[1], nodes, Path.of(arguments[7]));
        String[] sink = arguments[5].split(":");
        try {
            program.run(
                    Path.of(arguments[3]),
                    Path.of(arguments[4]),
                    new InetSocketAddress(sink[0], Integer.parseInt(sink[1])),
                    arguments[6]);
        } catch (HaException e) {
            System.err.println(name + ": " + e.getMessage());
            System.exit(1);
        }
    }

    private void run(Path state, Path keys, InetSocketAddress sink, String locks) {
        HaNodeBuilder builder = HaNode.builder().cluster("faults").node(name);
        for (int number = 1; number <= nodes; number++) {
            builder.peer("n" + number, "10.88.0." + number + ":7400");
        }
        try (HaNode node = builder.stateDirectory(state).keys(keys).form().start()) {
            node.listen(this::tell);
            node.resources()
                    .register(Group.named(FILES)
                            .prefer(from(1))
                            .resourceBehindAddress("service", new LineService(report, life, PORT))
                            .resource("address", FloatingAddress.of(FLOATING, "lan0"))
                            .build());
            node.resources()
                    .register(Group.named(WRITER)
                            .prefer(from(2))
                            .resourceBehindAddress("writer", new GuardedWriter(report, life, sink))
                            .build());
            for (String each : locks.split(",")) {
                registerLock(node, each);
            }
            node.elections().join(ELECTION.substring("election:".length()), this::lead);
            obey(node);
        }
    }

    private void registerLock(HaNode node, String lock) {
        node.resources()
                .register(Group.named(lock)
                        .prefer(from(lock.startsWith(KEEPER) ? 2 : 3))
                        .withoutQuorum(lock.startsWith(KEEPER) ? WithoutQuorum.KEEP_RUNNING : WithoutQuorum.STOP)
                        .resource("lock", new LockHolder(report, life, locks.resolve(lock)))
                        .build());
    }

    /** Every node, beginning with one: so the groups begin on different nodes. */
    private String[] from(int first) {
        String[] preferred = new String[nodes];
        for (int i = 0; i < nodes; i++) {
            preferred[i] = "n" + ((first - 1 + i) % nodes + 1);
        }
        return preferred;
    }

    private void lead(Lease lease) {
        long token = lease.token().value();
        report.line("S", System.nanoTime(), ELECTION, life, token, "-");
        while (!Thread.currentThread().isInterrupted()) {
            long from = System.nanoTime();
            boolean isValid = lease.isValid();
            long to = System.nanoTime();
            if (isValid) {
                report.line("C", from, to, ELECTION, life, token);
            }
            LockSupport.parkNanos(PERIOD_NANOS);
        }
        report.line("E", System.nanoTime(), ELECTION, life, token);
    }

    private void tell(HaEvent event) {
        long now = System.nanoTime();
        if (event instanceof HaEvent.GroupChanged changed) {
            GroupStatus status = changed.status();
            report.line(
                    "G",
                    now,
                    status.group(),
                    status.state(),
                    status.holder().map(Object::toString).orElse("-"),
                    status.token().map(t -> t.value()).orElse(0L),
                    status.proof().map(Enum::name).orElse("-"),
                    oneLine(status.reason()));
        } else if (event instanceof HaEvent.NodeChanged changed) {
            report.line("N", now, life, changed.state(), oneLine(changed.reason()));
        }
    }

    /** {@code outlook QUESTION FAULTS...}: one line for each word of faults that can happen. */
    private void foretell(HaNode node, String[] words) {
        Assumptions assumptions = node.assumptions();
        for (int i = 2; i < words.length; i++) {
            int question = Integer.parseInt(words[1]);
            assumptions
                    .outlook(Foretold.faults(words[i]).toArray(Fault[]::new))
                    .ifPresent(o -> report.line("P", System.nanoTime(), Foretold.of(question, o)));
        }
        report.line("Q", words[1]);
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\p{Cntrl}", " ");
    }

    private void answer(String[] words, CompletionStage<Operator.Result> asked) {
        asked.thenAccept(result -> {
            report.line("V", result.isDone(), String.join(" ", words));
            if (!result.isDone()) {
                System.err.println(name + ": " + String.join(" ", words) + ": " + result.reason());
            }
        });
    }

    private void obey(HaNode node) {
        Scanner in = new Scanner(System.in);
        while (in.hasNextLine()) {
            String[] words = in.nextLine().trim().split(" +");
            switch (words[0]) {
                case "move" -> node.resources().move(words[1], NodeId.of(words[2]), Duration.ofSeconds(5));
                case "lock" -> registerLock(node, words[1]);
                case "outlook" -> foretell(node, words);
                case "standby" -> answer(words, node.operator().standby(NodeId.of(words[1])));
                case "activate" -> answer(words, node.operator().activate(NodeId.of(words[1])));
                case "remove" -> answer(words, node.operator().remove(NodeId.of(words[1])));
                case "admit" -> answer(words, node.operator().admit(NodeId.of(words[1])));
                case "down" -> {
                    Incarnation dead = new Incarnation(NodeId.of(words[1]), Long.parseLong(words[2]));
                    answer(words, node.operator().confirmDown(dead, "the laboratory", "its process was killed"));
                }
                case "force" -> answer(words, node.operator().forceRecord("the laboratory", "the disks are gone"));
                case "quit" -> {
                    return;
                }
                default -> System.err.println(name + ": unknown command " + words[0]);
            }
        }
    }
}
