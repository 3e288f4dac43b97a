package org.understudy.ha.testkit.sabotage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.understudy.ha.testkit.sim.Sabotage;
import org.understudy.ha.testkit.sim.TextFiles;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * A bug to plant, and who must see it.
 *
 * <p>Its file is lines of {@code key: value}, a line that begins with a space continuing the one before, then the patches:
 *
 * <pre>
 * breaks: one sentence: the rule of the design that no longer holds
 * play: swarm CRASH SLOW_DISK
 * seeds: 100
 * caught-by: ONE_CHAIN PROOF_IS_TRUE
 * source: ha-membership/src/main/java/org/understudy/ha/membership/core/Acceptor.java
 * &lt;&lt;&lt;&lt;
 * text that occurs exactly once
 * ====
 * what stands there instead
 * &gt;&gt;&gt;&gt;
 * </pre>
 *
 * <p>{@code source} and the patch may be repeated; {@code around: NAME} names a {@link Sabotage} and needs no patch.
 *
 * @param name the name of its file
 * @param breaks which rule it breaks, one sentence
 * @param around what is planted around the machines; {@link Sabotage#NONE} if the patches are the bug
 * @param patches what is changed in which source file
 * @param play what brings it out, see {@link Trial}
 * @param seedsMax within how many seeds it must be seen; 1 for a schedule, which draws nothing
 * @param checkers who may see it
 */
public record PlantedBug(
        String name,
        String breaks,
        Sabotage around,
        List<Patch> patches,
        String play,
        int seedsMax,
        List<Checker> checkers) {

    private static final String SUFFIX = ".bug";
    private static final String OPEN = "<<<<";
    private static final String MIDDLE = "====";
    private static final String CLOSE = ">>>>";

    public PlantedBug {
        patches = List.copyOf(patches);
        checkers = List.copyOf(checkers);
    }

    /**
     * A change of one source file.
     *
     * @param source its path in the checkout
     * @param find must occur exactly once
     */
    public record Patch(String source, String find, String replacement) {

        /**
         * The text with the change.
         *
         * @throws IllegalStateException if the text to find does not occur exactly once: the rule has moved, and the bug
         *     must move with it
         */
        String apply(String text) {
            int at = text.indexOf(find);
            if (at < 0 || text.indexOf(find, at + 1) >= 0) {
                throw new IllegalStateException((at < 0 ? "not found in " : "found more than once in ") + source + ":\n"
                        + find + "\nbring the file of this bug up to the source");
            }
            return text.substring(0, at) + replacement + text.substring(at + find.length());
        }
    }

    /** The same bug, to be brought out by something else. */
    public PlantedBug playedBy(String other) {
        return new PlantedBug(name, breaks, around, patches, other, seedsMax, checkers);
    }

    /** Every planted bug, by name. */
    public static List<PlantedBug> all() {
        List<PlantedBug> bugs = new ArrayList<>();
        TextFiles.in(PlantedBug.class, "bugs", SUFFIX).forEach((name, text) -> bugs.add(parse(name, text)));
        return bugs;
    }

    static PlantedBug parse(String name, String text) {
        Map<String, String> head = new TreeMap<>();
        List<Patch> patches = new ArrayList<>();
        String key = "";
        StringBuilder find = new StringBuilder();
        StringBuilder replacement = new StringBuilder();
        StringBuilder open = null;
        for (String line : text.split("\n", -1)) {
            if (line.equals(OPEN) && open == null) {
                find.setLength(0);
                replacement.setLength(0);
                open = find;
            } else if (line.equals(MIDDLE) && open == find) {
                open = replacement;
            } else if (line.equals(CLOSE) && open == replacement) {
                patches.add(new Patch(required(name, head, "source"), chomp(find), chomp(replacement)));
                open = null;
            } else if (open != null) {
                open.append(line).append('\n');
            } else if (line.startsWith(" ") && !key.isEmpty()) {
                head.merge(key, line.strip(), (before, more) -> before + " " + more);
            } else if (!line.isBlank()) {
                int colon = line.indexOf(": ");
                if (colon < 0) {
                    throw new IllegalArgumentException(name + ": expected 'key: value', found '" + line + "'");
                }
                key = line.substring(0, colon);
                head.put(key, line.substring(colon + 2).strip());
            }
        }
        Sabotage around = Sabotage.valueOf(head.getOrDefault("around", "NONE"));
        if (open != null || (around == Sabotage.NONE) == patches.isEmpty()) {
            throw new IllegalArgumentException(name + ": needs whole patches, or a word for 'around:' and none");
        }
        return new PlantedBug(
                name,
                required(name, head, "breaks"),
                around,
                patches,
                required(name, head, "play"),
                Integer.parseInt(required(name, head, "seeds")),
                Arrays.stream(required(name, head, "caught-by").split(" +"))
                        .map(Checker::valueOf)
                        .toList());
    }

    private static String required(String name, Map<String, String> head, String key) {
        return Optional.ofNullable(head.get(key))
                .orElseThrow(() -> new IllegalArgumentException(name + ": has no line '" + key + ": '"));
    }

    private static String chomp(StringBuilder lines) {
        return lines.isEmpty() ? "" : lines.substring(0, lines.length() - 1);
    }

    @Override
    public String toString() {
        return name;
    }
}
