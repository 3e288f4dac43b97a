package org.understudy.ha.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What this cluster survives, what it does not, and on what that rests: computed from its record, its configuration and this
 * host, as it stands now.
 *
 * @param outlooks every single fault, then every two; see {@link Fault.Kind}. Only single ones in a cluster so large that pairs of faults
 *     and groups make more than 300000 sentences; then that is among the weaknesses
 * @param absent nodes that vote and are not in the cluster now: every outlook is with them missing
 * @param weaknesses what is weaker here than it could be, one sentence each, with the remedy where there is one
 * @param restsOn what is assumed and cannot be checked from inside
 */
public record Assumptions(List<Outlook> outlooks, List<NodeId> absent, List<String> weaknesses, List<String> restsOn) {

    private static final int LINES_MAX = 12;
    private static final String OUTLOOKS = "outlooks()";

    public Assumptions {
        outlooks = List.copyOf(outlooks);
        absent = List.copyOf(absent);
        weaknesses = List.copyOf(weaknesses);
        restsOn = List.copyOf(restsOn);
    }

    /**
     * What is said of one fault, or of two in any order; empty if it names a node that is not there, or if pairs were too many to be
     * computed.
     *
     * @throws ConfigurationException if it is not one fault, or two different ones
     */
    public Optional<Outlook> outlook(Fault... faults) {
        Set<Fault> different = new HashSet<>(faults == null ? List.of() : Arrays.asList(faults));
        if (different.isEmpty()
                || different.contains(null)
                || different.size() != faults.length
                || different.size() > 2) {
            throw new ConfigurationException(
                    "outlook", Arrays.toString(faults), "name one fault, or two different ones");
        }
        List<Fault> wanted = different.stream().sorted().toList();
        return outlooks.stream().filter(o -> o.faults().equals(wanted)).findFirst();
    }

    /** The outlooks of one fault. */
    public List<Outlook> singles() {
        return outlooks.stream().filter(o -> o.faults().size() == 1).toList();
    }

    /** The outlooks of two faults. */
    public List<Outlook> doubles() {
        return outlooks.stream().filter(o -> o.faults().size() == 2).toList();
    }

    /**
     * A text of a few lines whatever the size of the cluster: what runs nowhere already, how many faults stop nothing else, what stops at
     * the others, where it is weak and what it rests on. Copies for which a fault leaves no node, since each that is left runs one, are
     * left out. The whole is in {@link #outlooks()}, {@link #weaknesses()} and {@link #restsOn()}.
     */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        if (!absent.isEmpty()) {
            text.append("with ").append(words(absent)).append(" missing:\n");
        }
        if (!down().isEmpty()) {
            append(text, "what runs nowhere already", down(), OUTLOOKS);
        }
        append(text, "what a single fault stops (" + survived(singles()) + ")", stops(singles()), OUTLOOKS);
        append(text, "what two faults stop besides (" + survived(doubles()) + ")", stops(news()), OUTLOOKS);
        append(text, weaknesses.isEmpty() ? "no weakness found" : "weak", weaknesses, "weaknesses()");
        append(text, "rests on", restsOn, "restsOn()");
        return text.toString().stripTrailing();
    }

    /** The groups that no fault can stop, because they do not run: the same in every outlook. */
    private List<String> down() {
        return outlooks.stream()
                .limit(1)
                .flatMap(outlook -> outlook.groups().stream())
                .filter(group -> group.holder().isEmpty() && !group.isSurplus())
                .map(Outlook.GroupOutlook::toString)
                .distinct()
                .toList();
    }

    private static String survived(List<Outlook> some) {
        long survived = some.stream().filter(Assumptions::isHarmless).count();
        return survived + " of " + some.size() + " stop nothing";
    }

    private static boolean isHarmless(Outlook outlook) {
        return outlook.isSurvived() && (outlook.hasMajority() || outlook.isAnythingRunning());
    }

    /** Two faults that stop something which neither of them stops alone. */
    private List<Outlook> news() {
        Map<Fault, Outlook> alone = new HashMap<>();
        singles().forEach(one -> alone.put(one.faults().get(0), one));
        return doubles().stream()
                .filter(both -> !isHarmless(both))
                .filter(both -> !both.isAnythingRunning()
                        || both.groups().stream()
                                .filter(g -> !g.fate().isRunning() && !g.isSurplus())
                                .anyMatch(
                                        g -> both.faults().stream().allMatch(f -> isRunning(alone.get(f), g.group()))))
                .toList();
    }

    private static boolean isRunning(Outlook outlook, String group) {
        return outlook.group(group).filter(g -> g.fate().isRunning()).isPresent();
    }

    /** One line for each consequence, with everything that has it. */
    private static List<String> stops(List<Outlook> some) {
        Map<String, List<String>> causes = new LinkedHashMap<>();
        for (Outlook outlook : some) {
            if (!isHarmless(outlook)) {
                causes.computeIfAbsent(outlook.whatStops(), w -> new ArrayList<>())
                        .add(outlook.cause());
            }
        }
        List<String> lines = new ArrayList<>();
        causes.forEach((what, all) -> {
            String more = all.size() > 3 ? ", and " + (all.size() - 3) + " more like it" : "";
            lines.add(all.stream().limit(3).collect(Collectors.joining(", or ")) + more + ": " + what);
        });
        return lines;
    }

    private static void append(StringBuilder text, String title, List<String> lines, String whole) {
        text.append(title).append(lines.isEmpty() ? "\n" : ":\n");
        for (String line : lines.subList(0, Math.min(lines.size(), LINES_MAX))) {
            text.append("  - ").append(line).append('\n');
        }
        if (lines.size() > LINES_MAX) {
            text.append("  - and ")
                    .append(lines.size() - LINES_MAX)
                    .append(" more, see ")
                    .append(whole)
                    .append('\n');
        }
    }

    private static String words(List<?> each) {
        return each.stream().map(Object::toString).collect(Collectors.joining(", "));
    }
}
