package org.understudy.ha.testkit.figures;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.testkit.netns.Jvm;
import org.understudy.ha.testkit.netns.Namespaces;

/**
 * What neighbours and clients see when the owner of an IPv4 and an IPv6 address dies, stands still, hands over, loses its cable or its power:
 * first with our nodes, then with keepalived on the same hosts, seen by the same client, with the same second until a silent owner is succeeded.
 *
 * <p>Needs keepalived (Debian: {@code apt install keepalived}); without it our figures are shown alone, and the row says so and fails. A target that is
 * missed is marked so. Exit status 1 if one is, if something could not be measured, or if two hosts answered for an address of ours.
 */
public final class TakeoverFigures {
    private static final String SCRATCH = "understudy.takeover.scratch";
    private static final int RUNS = 20;
    private static final long LEASE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final OptionalLong AFTER_KILL = limit(30);
    private static final OptionalLong AFTER_PAUSE = OptionalLong.of(LEASE_NANOS + TimeUnit.MILLISECONDS.toNanos(150));
    private static final OptionalLong RESET = limit(50);
    private static final OptionalLong MOVED = limit(10);
    private static final OptionalLong NONE = OptionalLong.empty();

    private TakeoverFigures() {}

    /** Arguments: {@code [--runs N] [--json]}. */
    public static void main(String[] args) throws IOException, InterruptedException {
        List<String> words = List.of(args);
        if (!Namespaces.isInside()) {
            Path scratch = Files.createTempDirectory("understudy-takeover-");
            List<String> flags = List.of("-D" + SCRATCH + "=" + scratch, "-Djava.io.tmpdir=" + scratch);
            System.exit(Namespaces.available().run(scratch, Jvm.command(128, flags, TakeoverFigures.class, words)));
        }
        int at = words.indexOf("--runs");
        int runs = at < 0 ? RUNS : runs(words.get(at + 1));
        System.exit(play(Path.of(System.getProperty(SCRATCH)), runs, words.contains("--json")));
    }

    private static int runs(String word) {
        if (!word.matches("[1-9][0-9]{0,3}")) {
            throw new ConfigurationException("--runs", word, "give a number from 1 to 9999");
        }
        return Integer.parseInt(word);
    }

    private static int play(Path scratch, int runs, boolean isJson) {
        Map<TakeoverFault, TakeoverRuns> ours = new EnumMap<>(TakeoverFault.class);
        Map<TakeoverFault, TakeoverRuns> theirs = new EnumMap<>(TakeoverFault.class);
        boolean isComplete = KeepalivedContender.isInstalled();
        try (TakeoverLab lab = new TakeoverLab(scratch)) {
            try (Contender contender = new UnderstudyContender(lab.lab(), scratch)) {
                ours.putAll(lab.play(contender, fault -> fault.runs(runs)));
            }
            if (isComplete) {
                lab.clean();
                try (Contender contender = new KeepalivedContender(lab.owners(), scratch)) {
                    theirs.putAll(lab.play(contender, fault -> fault.runsOfPeer(runs)));
                }
            }
        }
        TakeoverTable table = table(ours, theirs);
        Timeline timeline = Timeline.of(ours.get(TakeoverFault.MOVE).instants());
        List<String> lines = new ArrayList<>(isJson ? table.json() : table.text());
        if (!isJson) {
            lines.add("");
            lines.add("A planned move of ours, medians in milliseconds since it was asked for");
        }
        lines.addAll(isJson ? timeline.json() : timeline.text());
        lines.forEach(System.out::println);
        if (!isComplete) {
            System.err.println("keepalived is not here: `apt install keepalived`, or compare on another machine");
        }
        boolean isDoubled = ours.values().stream().anyMatch(r -> r.doubles().worstNanos() > 0);
        if (isDoubled) {
            System.err.println("two hosts answered for one address of ours");
        }
        return isComplete && !isDoubled && !table.isAnyMissed() ? 0 : 1;
    }

    private static TakeoverTable table(Map<TakeoverFault, TakeoverRuns> ours, Map<TakeoverFault, TakeoverRuns> theirs) {
        TakeoverTable table = new TakeoverTable();
        for (TakeoverFault fault : TakeoverFault.values()) {
            Optional<TakeoverRuns> us = Optional.ofNullable(ours.get(fault));
            Optional<TakeoverRuns> them = Optional.ofNullable(theirs.get(fault));
            String name = fault.words();
            OptionalLong gap = fault == TakeoverFault.MOVE ? MOVED : NONE;
            table.add(name, "client gap IPv4", gap, us.map(TakeoverRuns::gap4), them.map(TakeoverRuns::gap4));
            table.add(name, "client gap IPv6", gap, us.map(TakeoverRuns::gap6), them.map(TakeoverRuns::gap6));
            OptionalLong silent = switch (fault) {
                case KILL -> AFTER_KILL;
                case PAUSE -> AFTER_PAUSE;
                default -> NONE;
            };
            table.add(
                    name, "old host's last ARP answer", silent, us.map(TakeoverRuns::arp), them.map(TakeoverRuns::arp));
            table.add(
                    name,
                    "old host's last neighbour advertisement",
                    silent,
                    us.map(TakeoverRuns::discovery),
                    them.map(TakeoverRuns::discovery));
            table.add(name, "two hosts answered", NONE, us.map(TakeoverRuns::doubles), them.map(TakeoverRuns::doubles));
            if (fault.hasIdleClients()) {
                table.add(
                        name,
                        "last idle client reset, after takeover",
                        RESET,
                        us.map(TakeoverRuns::resets),
                        them.map(TakeoverRuns::resets));
            }
        }
        return table;
    }

    private static OptionalLong limit(long millis) {
        return OptionalLong.of(TimeUnit.MILLISECONDS.toNanos(millis));
    }
}
