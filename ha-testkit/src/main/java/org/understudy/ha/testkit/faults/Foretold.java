package org.understudy.ha.testkit.faults;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.understudy.ha.api.Fault;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Outlook;
import org.understudy.ha.api.Outlook.Fate;
import org.understudy.ha.api.ProofKind;

/**
 * What {@link org.understudy.ha.api.HaNode#assumptions()} of a node said about one or two faults before they were done, in words
 * that fit on a line.
 *
 * @param question the number it was asked under
 * @param faults in order
 */
record Foretold(int question, List<Fault> faults, List<Saying> sayings) {
    Foretold {
        faults = faults.stream().sorted().toList();
        sayings = List.copyOf(sayings);
    }

    /**
     * About a group.
     *
     * @param holder where it runs before; empty if nowhere
     * @param where it may run afterwards
     * @param atLatestNanos how long its new owner waits for its proof
     */
    record Saying(
            String group,
            Fate fate,
            Optional<NodeId> holder,
            List<NodeId> where,
            List<ProofKind> proofs,
            long atLatestNanos) {
        Saying {
            where = List.copyOf(where);
            proofs = List.copyOf(proofs);
        }
    }

    static Foretold of(int question, Outlook outlook) {
        return new Foretold(
                question,
                outlook.faults(),
                outlook.groups().stream()
                        .map(g -> new Saying(
                                g.group(),
                                g.fate(),
                                g.holder(),
                                g.mayRunOn(),
                                g.proofs(),
                                g.atLatest().toNanos()))
                        .toList());
    }

    /** The faults as one word, for example {@code PROCESS_KILLED:n1,LINK_CUT:n2+n3}. */
    static String word(List<Fault> faults) {
        return faults.stream()
                .map(f -> f.kind() + ":" + f.nodes().stream().map(NodeId::value).collect(Collectors.joining("+")))
                .collect(Collectors.joining(","));
    }

    static List<Fault> faults(String word) {
        return Arrays.stream(word.split(","))
                .map(part -> part.split(":"))
                .map(p -> new Fault(
                        Fault.Kind.valueOf(p[0]),
                        Arrays.stream(p[1].split("\\+")).map(NodeId::of).toList()))
                .toList();
    }

    /** The words behind {@code P} and the instant. */
    @Override
    public String toString() {
        return question + " " + word(faults)
                + sayings.stream()
                        .map(s -> " "
                                + String.join(
                                        ";",
                                        s.group(),
                                        s.fate().name(),
                                        s.holder().map(NodeId::value).orElse("-"),
                                        list(s.where()),
                                        list(s.proofs()),
                                        String.valueOf(TimeUnit.NANOSECONDS.toMillis(s.atLatestNanos()))))
                        .collect(Collectors.joining());
    }

    /**
     * @throws IllegalArgumentException or
     * @throws IndexOutOfBoundsException if the words are not as {@link #toString} writes them
     */
    static Foretold parse(String words) {
        String[] w = words.split(" ");
        return new Foretold(
                Integer.parseInt(w[0]),
                faults(w[1]),
                Arrays.stream(w).skip(2).map(Foretold::saying).toList());
    }

    private static Saying saying(String word) {
        String[] w = word.split(";");
        return new Saying(
                w[0],
                Fate.valueOf(w[1]),
                words(w[2]).map(NodeId::of).findFirst(),
                words(w[3]).map(NodeId::of).toList(),
                words(w[4]).map(ProofKind::valueOf).toList(),
                TimeUnit.MILLISECONDS.toNanos(Long.parseLong(w[5])));
    }

    private static Stream<String> words(String list) {
        return list.equals("-") ? Stream.of() : Arrays.stream(list.split(","));
    }

    private static String list(List<?> each) {
        return each.isEmpty() ? "-" : each.stream().map(Object::toString).collect(Collectors.joining(","));
    }
}
