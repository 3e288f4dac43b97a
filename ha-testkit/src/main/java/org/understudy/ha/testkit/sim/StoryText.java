package org.understudy.ha.testkit.sim;

import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.understudy.ha.testkit.sim.Fault.Kind;
import org.understudy.ha.testkit.sim.Fault.Needs;
import org.understudy.ha.testkit.sim.Story.Red;
import org.understudy.ha.testkit.sim.Story.Setting;
import org.understudy.ha.testkit.sim.Violation.Checker;
import org.understudy.ha.testkit.sim.WorldOptions.Size;
import org.understudy.ha.testkit.sim.WorldOptions.Traits;

/** Reads and writes the text of a {@link Story}. For one text. */
final class StoryText {

    private static final int NANOS_DIGITS = 6;
    private static final String FAULT = "at ";
    private static final String OUTCOME = "then ";

    private final Map<String, String> head = new TreeMap<>();
    private final List<Red> red = new ArrayList<>();
    private final List<String> faults = new ArrayList<>();
    private final List<String> outcome = new ArrayList<>();

    // ---- writing -------------------------------------------------------------------------------------------------

    static String write(Story story) {
        StringBuilder text = new StringBuilder();
        line(text, "title", story.title());
        line(text, "attacks", story.attacks());
        for (Red each : story.red()) {
            StringBuilder who = new StringBuilder(each.bug());
            each.checkers().forEach(checker -> who.append(' ').append(checker));
            line(text, "red", who.toString());
        }
        if (story.schedule().isPresent()) {
            line(text, "schedule", story.schedule().get());
        } else {
            write(text, story.setting());
            text.append('\n');
            Names names = new Names(story.setting());
            story.faults().forEach(fault -> text.append(names.write(fault)).append('\n'));
        }
        text.append('\n');
        story.outcome().forEach(what -> text.append(OUTCOME).append(what).append('\n'));
        return text.toString();
    }

    private static void write(StringBuilder text, Setting setting) {
        line(text, "nodes", setting.size().nodes() + (setting.size().hasWitness() ? " with a witness" : ""));
        line(text, "groups", Integer.toString(setting.size().groups()));
        line(text, "seed", Long.toString(setting.seed()));
        line(text, "times", setting.isCalm() ? "constant" : "drawn");
        line(text, "frames", setting.traits().isWired() ? "real" : "plain");
        line(text, "forms", setting.traits().formsAlways() ? "always" : "once");
        line(text, "version", setting.traits().beginsOlder() ? "1" : "2");
        if (setting.traits().isArranged()) {
            line(text, "placement", "drawn");
        }
        line(text, "heals", millis(setting.healsAtNanos()));
        line(text, "judged", setting.isBeyond() ? "safety" : "everything");
    }

    private static void line(StringBuilder text, String key, String value) {
        text.append(key).append(": ").append(value.replace('\n', ' ')).append('\n');
    }

    private static String millis(long nanos) {
        return BigDecimal.valueOf(nanos, NANOS_DIGITS).stripTrailingZeros().toPlainString() + " ms";
    }

    // ---- reading -------------------------------------------------------------------------------------------------

    Story parse(String text) {
        for (String line : text.split("\n", -1)) {
            if (line.startsWith(FAULT)) {
                faults.add(line);
            } else if (line.startsWith(OUTCOME)) {
                outcome.add(line.substring(OUTCOME.length()).strip());
            } else if (!line.isBlank() && !line.startsWith("#")) {
                head(line);
            }
        }
        String title = required("title");
        String attacks = required("attacks");
        Optional<String> schedule = Optional.ofNullable(head.remove("schedule"));
        Setting setting =
                schedule.isPresent() ? new Setting(0, Size.STANDARD, Traits.PLAIN, true, 0, false) : setting();
        Names names = new Names(setting);
        List<Fault> all = faults.stream().map(names::read).toList();
        if (!head.isEmpty() || (schedule.isPresent() && !faults.isEmpty())) {
            throw new IllegalArgumentException(
                    head.isEmpty() ? "a story told by a schedule has no faults" : "unknown: " + head.keySet());
        }
        return new Story(title, attacks, red, schedule, setting, all, outcome);
    }

    private void head(String line) {
        int colon = line.indexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("expected 'key: value', 'at ...' or 'then ...', found '" + line + "'");
        }
        String key = line.substring(0, colon);
        String value = line.substring(colon + 1).strip();
        if (key.equals("red")) {
            List<String> words = Arrays.asList(value.split(" +"));
            red.add(new Red(
                    words.get(0),
                    words.subList(1, words.size()).stream()
                            .map(Checker::valueOf)
                            .toList()));
        } else if (head.put(key, value) != null) {
            throw new IllegalArgumentException("said twice: '" + key + ":'");
        }
    }

    private Setting setting() {
        String nodes = required("nodes");
        int count = (int) number(nodes.split(" ")[0]);
        return new Setting(
                number(required("seed")),
                new Size(count, either("nodes", nodes, Integer.toString(count), count + " with a witness"), (int)
                        number(required("groups"))),
                new Traits(
                        either("frames", "plain", "real"),
                        either("forms", "once", "always"),
                        either("version", "2", "1"),
                        Optional.ofNullable(head.remove("placement"))
                                .filter(value -> either("placement", value, "none", "drawn"))
                                .isPresent()),
                !either("times", "constant", "drawn"),
                nanos(required("heals"), "ms"),
                either("judged", "everything", "safety"));
    }

    private boolean either(String key, String no, String yes) {
        return either(key, required(key), no, yes);
    }

    private static boolean either(String key, String value, String no, String yes) {
        if (!value.equals(no) && !value.equals(yes)) {
            throw new IllegalArgumentException(key + ": is '" + no + "' or '" + yes + "', not '" + value + "'");
        }
        return value.equals(yes);
    }

    private String required(String key) {
        return Optional.ofNullable(head.remove(key))
                .orElseThrow(() -> new IllegalArgumentException("has no line '" + key + ":'"));
    }

    private static long number(String value) {
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("not a number: '" + value + "'", e);
        }
    }

    private static long nanos(String value, String unit) {
        try {
            return new BigDecimal(value.replace(unit, "").strip())
                    .movePointRight(NANOS_DIGITS)
                    .longValueExact();
        } catch (ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException("not a time in " + unit + ": '" + value + "'", e);
        }
    }

    /** What nodes and groups are called in a world. */
    private static final class Names {
        private final List<String> nodes = new ArrayList<>();
        private final List<String> groups = new ArrayList<>();

        private Names(Setting setting) {
            Swarm.nodes(setting.size()).forEach(id -> nodes.add(id.value()));
            Swarm.groups(setting.seed(), setting.size(), setting.traits()).forEach(group -> groups.add(group.name()));
        }

        private String write(Fault fault) {
            Kind kind = fault.kind();
            StringBuilder line = new StringBuilder(FAULT)
                    .append(millis(fault.atNanos()))
                    .append(' ')
                    .append(kind.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                    .append(' ')
                    .append(nodes.get(fault.node()));
            if (kind.needs(Needs.OTHER)) {
                line.append(" with ").append(nodes.get(fault.other()));
            }
            if (kind.needs(Needs.GROUP)) {
                line.append(" group ").append(groups.get(fault.group()));
            }
            if (kind.needs(Needs.LENGTH)) {
                line.append(" for ").append(millis(fault.lengthNanos()));
            }
            if (kind.needs(Needs.LUCK)) {
                line.append(" luck ").append(fault.luck());
            }
            return line.toString();
        }

        private Fault read(String line) {
            try {
                return read(new ArrayDeque<>(Arrays.asList(line.strip().split(" +"))));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("cannot play '" + line + "': " + e.getMessage(), e);
            }
        }

        private Fault read(Deque<String> words) {
            long at = nanos(after("at", words), "ms");
            expect("ms", words);
            Kind kind = Kind.valueOf(next(words).toUpperCase(Locale.ROOT).replace('-', '_'));
            int node = index(nodes, next(words));
            int other = kind.needs(Needs.OTHER) ? index(nodes, after("with", words)) : (node + 1) % nodes.size();
            int group = kind.needs(Needs.GROUP) ? index(groups, after("group", words)) : 0;
            long length = 0;
            if (kind.needs(Needs.LENGTH)) {
                length = nanos(after("for", words), "ms");
                expect("ms", words);
            }
            long luck = kind.needs(Needs.LUCK) ? number(after("luck", words)) : 0;
            if (!words.isEmpty()) {
                throw new IllegalArgumentException("too much: " + words);
            }
            return new Fault(at, kind, node, other, group, length, luck);
        }

        private static int index(List<String> names, String name) {
            if (!names.contains(name)) {
                throw new IllegalArgumentException("there is no " + name + ", only " + names);
            }
            return names.indexOf(name);
        }

        private static String after(String word, Deque<String> words) {
            expect(word, words);
            return next(words);
        }

        private static void expect(String word, Deque<String> words) {
            String found = next(words);
            if (!found.equals(word)) {
                throw new IllegalArgumentException("expected '" + word + "', found '" + found + "'");
            }
        }

        private static String next(Deque<String> words) {
            if (words.isEmpty()) {
                throw new IllegalArgumentException("something is missing at its end");
            }
            return words.removeFirst();
        }
    }
}
