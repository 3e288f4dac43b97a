package org.understudy.ha.testkit.sim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.testkit.sim.Violation.Checker;
import org.understudy.ha.testkit.sim.WorldOptions.Size;
import org.understudy.ha.testkit.sim.WorldOptions.Traits;

/**
 * A run told in full: the world, each fault and its moment, and what came of it. Plays without a draw of its faults, so it stays
 * the same story when kinds of faults are added; the seed decides only the luck that is left (delays, clocks, weather), and nothing
 * of that where times are constant.
 *
 * <p>As text, one thing a line:
 *
 * <pre>
 * title: one line
 * attacks: the rule that the faults go against
 * red: BUG CHECKER ...            a planted bug under which one of these checkers objects; may be repeated
 * nodes: 3 with a witness
 * groups: 4
 * seed: 17
 * times: constant                 or drawn, by the seed
 * frames: plain                   or real, through the codecs
 * forms: once                     or always: what the application says at each start
 * version: 2                      or 1: every node runs the version before until it is upgraded
 * placement: drawn                the groups have rules, copies and promoted roles, drawn by the seed; may be left out
 * heals: 8000 ms
 * judged: everything              or safety: more may be lost than is survived, and nobody need own anything afterwards
 *
 * at 2000 ms isolate serv1 for 3000 ms
 *
 * then files starts on serv1, token 1, NEVER
 * then files is on serv2 in the end
 * </pre>
 *
 * <p>What too many lucky moments would have to bring about in a world is told by {@code schedule: NAME} instead of the lines from
 * {@code nodes} to the faults: one real machine, everything around it played by hand.
 *
 * @param red planted bugs, each with the checkers of which one must see it
 * @param schedule the schedule it plays instead of a world
 * @param setting the world; meaningless beside a schedule
 * @param outcome what came of it when it was recorded; empty if it was not
 */
public record Story(
        String title,
        String attacks,
        List<Red> red,
        Optional<String> schedule,
        Setting setting,
        List<Fault> faults,
        List<String> outcome) {

    /** What is recorded of a schedule nobody objects to. */
    public static final List<String> NOBODY_OBJECTS = List.of("nobody objects");

    /** A planted bug and who may see it. */
    public record Red(String bug, List<Checker> checkers) {
        public Red {
            checkers = List.copyOf(checkers);
        }
    }

    /**
     * In what world it plays.
     *
     * @param isBeyond see {@link WorldOptions#isBeyond()}
     */
    public record Setting(long seed, Size size, Traits traits, boolean isCalm, long healsAtNanos, boolean isBeyond) {}

    public Story {
        red = List.copyOf(red);
        faults = List.copyOf(faults);
        outcome = List.copyOf(outcome);
    }

    /** What happened in a world that was played. */
    public static Story of(World world, RunReport report) {
        return new Story(
                "seed " + report.seed(),
                report.violation().map(Violation::toString).orElse(""),
                List.of(),
                Optional.empty(),
                world.setting(),
                world.faults(),
                outcome(report, world.setting()));
    }

    /**
     * Reads a story.
     *
     * @throws IllegalArgumentException naming the line that is not understood
     */
    public static Story parse(String text) {
        return new StoryText().parse(text);
    }

    /** The same story as text; {@link #parse} gives one that plays the same. */
    public String text() {
        return StoryText.write(this);
    }

    /**
     * Writes it to a file.
     *
     * @return the line that plays it from there
     */
    public String write(Path directory, String name) {
        Path file = directory.resolve(name + ".story");
        try {
            Files.createDirectories(directory);
            Files.writeString(file, text());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
        return "replay: ./check sim --story " + file;
    }

    /**
     * The world to play it in.
     *
     * @throws IllegalStateException if it is told by a schedule
     */
    public WorldOptions options() {
        if (schedule.isPresent()) {
            throw new IllegalStateException("told by the schedule " + schedule.get() + ", not by a world");
        }
        WorldOptions options = WorldOptions.standard()
                .sized(setting.size)
                .with(setting.traits)
                .played(faults, setting.isCalm)
                .healingAt(setting.healsAtNanos);
        return setting.isBeyond ? options.beyond() : options;
    }

    /** Plays it with nothing planted, and tells it. */
    public RunReport play() {
        return new World(setting.seed, options().withTelling()).run();
    }

    /** What a run of it came to, in the words in which it is recorded. */
    public List<String> outcome(RunReport report) {
        return outcome(report, setting);
    }

    private static List<String> outcome(RunReport report, Setting setting) {
        if (report.violation().isPresent()) {
            return List.of(report.violation().get().checker() + " is violated");
        }
        List<String> lines = new ArrayList<>();
        for (RunReport.Start start : report.starts()) {
            lines.add(start.group() + " starts on " + start.node() + ", token " + start.token() + ", " + start.proof());
        }
        Swarm.groups(setting.seed, setting.size, setting.traits)
                .forEach(group -> lines.add(Optional.ofNullable(report.owners().get(group.name()))
                        .map(node -> group.name() + " is on " + node + " in the end")
                        .orElse(group.name() + " is nowhere in the end")));
        return lines;
    }

    public Story with(List<Fault> others) {
        return new Story(title, attacks, red, schedule, setting, others, outcome);
    }

    public Story with(Setting other) {
        return new Story(title, attacks, red, schedule, other, faults, outcome);
    }

    public Story ending(List<String> recorded) {
        return new Story(title, attacks, red, schedule, setting, faults, recorded);
    }
}
