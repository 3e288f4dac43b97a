package org.understudy.ha.membership.core.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.record.Operation;

/**
 * A situation, what happens in it, and what is to come of it, one thing a line:
 *
 * <pre>
 * story: the title
 * pacemaker: same | differs: what its scheduler does in this situation, and why we do otherwise; left out where it has none
 * nodes: a b[memory=8] c
 * group web: prefer=a,b needs=memory:4 only=a,b ...
 * given: web@a               it runs there already
 * expect: web@b mail@-       after all that happened so far: where it runs, or nowhere
 * why web: a part of the sentence
 * grants: 2                  how many were made since the last such line
 * lose a | cut a | leave a | back a | standby a | activate a | drain a | drained a | not drained a
 * move web b | fail web | hard web | block web | unblock web | veto web a: reason | clear web a | score web a 7 | steady web a
 * maintain web | maintain node a | maintain everything | resume ...
 * capacity a memory=2 | rules web: words | rules web on b: words | unexpirable web
 * </pre>
 */
record PlacementStory(String title, String pacemaker, List<String> lines) {

    /** Every story of a file. */
    static List<PlacementStory> parse(List<String> text) {
        List<PlacementStory> all = new ArrayList<>();
        String title = "";
        String pacemaker = "";
        List<String> lines = new ArrayList<>();
        for (String raw : text) {
            String line = raw.strip();
            if (line.startsWith("story: ")) {
                if (!title.isEmpty()) {
                    all.add(new PlacementStory(title, pacemaker, List.copyOf(lines)));
                }
                title = line.substring("story: ".length());
                pacemaker = "";
                lines.clear();
            } else if (line.startsWith("pacemaker: ")) {
                pacemaker = line.substring("pacemaker: ".length());
            } else if (!line.isEmpty() && !line.startsWith("#")) {
                lines.add(line);
            }
        }
        all.add(new PlacementStory(title, pacemaker, List.copyOf(lines)));
        return all;
    }

    /** Plays it. */
    void play() {
        new Stage().play();
    }

    private final class Stage {
        private Play play = new Play(List.of());
        private boolean isBegun;
        private long tokens;

        private void play() {
            for (String line : lines) {
                try {
                    step(line);
                } catch (RuntimeException | AssertionError e) {
                    throw new AssertionError(
                            title + ", at \"" + line + "\": " + e.getMessage() + "\n" + play.places() + "\n"
                                    + String.join("\n", play.happened()),
                            e);
                }
            }
        }

        private void step(String line) {
            String head = line.contains(": ") ? line.substring(0, line.indexOf(": ")) : line;
            String rest = line.contains(": ") ? line.substring(line.indexOf(": ") + 2) : "";
            String[] words = head.replaceAll(":$", "").split(" +");
            switch (words[0]) {
                case "nodes" -> nodes(rest);
                case "group" -> group(words[1], rest);
                case "given" -> {
                    Arrays.stream(rest.split(" +")).forEach(each -> play.given(each.split("@")[0], each.split("@")[1]));
                    settleIfBegun();
                }
                case "rules" -> {
                    begin();
                    rules(words, rest);
                    play.settle();
                }
                case "unexpirable" -> play.unexpirable(words[1]);
                case "only" -> play.only(words[1], List.of(rest.split(",")));
                case "score" -> {
                    play.score(words[1], words[2], Long.parseLong(words[3]));
                    settleIfBegun();
                }
                case "veto" -> {
                    play.veto(words[1], words[2], rest);
                    settleIfBegun();
                }
                case "capacity" -> {
                    capacity(words[1], words[2]);
                    settleIfBegun();
                }
                default -> {
                    begin();
                    act(words, rest);
                }
            }
        }

        private void begin() {
            if (!isBegun) {
                isBegun = true;
                play.settle();
            }
        }

        private void settleIfBegun() {
            if (isBegun) {
                play.settle();
            }
        }

        private void nodes(String rest) {
            List<String> names = Arrays.stream(rest.split(" +"))
                    .map(node -> node.replaceAll("\\[.*", ""))
                    .toList();
            play = new Play(names);
            for (String node : rest.split(" +")) {
                if (node.contains("[")) {
                    String inside = node.substring(node.indexOf('[') + 1, node.indexOf(']'));
                    Arrays.stream(inside.split(",")).forEach(each -> capacity(node.replaceAll("\\[.*", ""), each));
                }
            }
        }

        private void capacity(String node, String amount) {
            play.capacity(node, amount.split("=")[0], Integer.parseInt(amount.split("=")[1]));
        }

        private void group(String name, String rest) {
            TreeMap<String, String> words = words(rest);
            String prefer = words.remove("prefer");
            String only = words.remove("only");
            play.register(name, prefer == null ? List.of() : List.of(prefer.split(",")), Play.placement(words));
            if (only != null) {
                play.only(name, List.of(only.split(",")));
            }
            settleIfBegun();
        }

        private void rules(String[] words, String rest) {
            TreeMap<String, String> said = words(rest);
            if (words.length > 2) {
                play.registerOtherwise(words[3], words[1], Play.placement(said));
            } else {
                String prefer = said.remove("prefer");
                Placement placement = Play.placement(said);
                play.register(words[1], prefer == null ? List.of() : List.of(prefer.split(",")), placement);
            }
        }

        private static TreeMap<String, String> words(String rest) {
            TreeMap<String, String> words = new TreeMap<>();
            for (String word : rest.split(" +")) {
                if (word.contains("=")) {
                    words.put(word.substring(0, word.indexOf('=')), word.substring(word.indexOf('=') + 1));
                }
            }
            return words;
        }

        private void act(String[] words, String rest) {
            switch (words[0]) {
                case "lose" -> play.lose(words[1]);
                case "cut" -> play.cut(words[1]);
                case "leave" -> play.leave(words[1]);
                case "back" -> play.back(words[1]);
                case "standby" -> play.operate(Operation.Kind.STANDBY, words[1]);
                case "activate" -> play.operate(Operation.Kind.ACTIVATE, words[1]);
                case "drain" -> play.operate(Operation.Kind.DRAIN, words[1]);
                case "drained" -> must(play.isDrained(words[1]), words[1] + " is not drained");
                case "not" -> must(!play.isDrained(words[2]), words[2] + " is drained");
                case "maintain" -> play.operate(Operation.Kind.MAINTAIN, target(words));
                case "resume" -> play.operate(Operation.Kind.RESUME, target(words));
                case "move" -> play.move(words[1], words[2]);
                case "fail" -> play.fail(words[1], Severity.SOFT);
                case "fatal" -> play.fail(words[1], Severity.FATAL);
                case "block" -> play.block(words[1]);
                case "unblock" -> {
                    play.unblock(words[1]);
                    play.settle();
                }
                case "clear" -> {
                    play.clear(words[1], words[2]);
                    play.settle();
                }
                case "steady" -> play.steady(words[1], words[2]);
                case "expect" -> expect(rest);
                case "why" -> {
                    String why = play.why(words[1]);
                    must(why.contains(rest), "it says: " + why);
                }
                case "said" -> must(play.said(words[1]).contains(rest), "it said: " + play.said(words[1]));
                case "grants" -> {
                    long made = play.tokens() - tokens;
                    tokens = play.tokens();
                    must(made == Long.parseLong(rest), made + " grants were made");
                }
                default -> throw new IllegalArgumentException("no such word: " + words[0]);
            }
        }

        private Target target(String[] words) {
            return switch (words[1]) {
                case "everything" -> Target.everything();
                case "node" -> Target.node(NodeId.of(words[2]));
                default -> Target.group(words[1]);
            };
        }

        private void expect(String rest) {
            for (String each : rest.split(" +")) {
                String place = play.place(each.split("@")[0]).orElse("-");
                must(place.equals(each.split("@")[1]), each.split("@")[0] + " is on " + place);
            }
        }

        private void must(boolean isSo, String otherwise) {
            if (!isSo) {
                throw new AssertionError(otherwise);
            }
        }
    }
}
