package org.understudy.ha.membership.core.plan;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.config.Failback;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.plan.Facts.Given;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Operation;

/** A cluster with random rules, to which random things happen. Equal seeds give equal clusters. */
final class RandomCluster {
    private final Random random;
    private final List<String> nodes = new ArrayList<>();
    private final List<String> groups = new ArrayList<>();
    private final TreeSet<String> up;
    final Play play;

    RandomCluster(long seed) {
        this(seed, 5, 11);
    }

    RandomCluster(long seed, int nodesMax, int groupsMax) {
        random = new Random(seed);
        int size = 2 + random.nextInt(nodesMax - 1);
        for (int i = 0; i < size; i++) {
            nodes.add("n" + i);
        }
        up = new TreeSet<>(nodes);
        play = new Play(nodes);
        nodes.forEach(node -> {
            if (random.nextInt(4) > 0) {
                play.capacity(node, "memory", 2 + random.nextInt(10));
            }
        });
        int many = 2 + random.nextInt(groupsMax - 1);
        for (int i = 0; i < many; i++) {
            groups.add(i < 3 && many > 6 ? "copy#" + (i + 1) : "g" + (i < 10 ? "0" : "") + i);
        }
        groups.forEach(this::register);
        play.settle();
    }

    private void register(String group) {
        List<String> preferred = new ArrayList<>(nodes);
        Collections.shuffle(preferred, random);
        play.register(group, preferred.subList(0, random.nextInt(preferred.size() + 1)), rules(group));
    }

    private Placement rules(String group) {
        Placement.Builder rules = Placement.rules();
        if (random.nextInt(3) == 0) {
            rules.needs("memory", 1 + random.nextInt(5));
        }
        if (random.nextInt(3) == 0) {
            rules.priority(random.nextInt(5));
        }
        TreeSet<String> with = some(group, 5);
        TreeSet<String> apart = some(group, 3);
        apart.removeAll(with);
        with.forEach(rules::with);
        apart.forEach(rules::apart);
        some(group, 6).forEach(rules::preferWith);
        some(group, 6).forEach(rules::preferApart);
        some(group, 4).forEach(rules::after);
        if (random.nextInt(4) == 0) {
            rules.failback(Failback.whenStable(Duration.ofMinutes(1)));
        }
        if (random.nextInt(6) == 0) {
            rules.policy(random.nextBoolean() ? "spread" : "pack");
        }
        return rules.build();
    }

    private TreeSet<String> some(String group, int one) {
        TreeSet<String> names = new TreeSet<>();
        while (random.nextInt(one) == 0) {
            String other = random.nextInt(8) == 0 ? "copy" : groups.get(random.nextInt(groups.size()));
            names.add(other);
        }
        names.remove(group);
        return names;
    }

    void event() {
        String node = nodes.get(random.nextInt(nodes.size()));
        String group = groups.get(random.nextInt(groups.size()));
        switch (random.nextInt(12)) {
            case 0, 1 -> {
                if (up.remove(node)) {
                    if (random.nextBoolean()) {
                        play.lose(node);
                    } else {
                        play.cut(node);
                    }
                }
            }
            case 2, 3 -> bring(node);
            case 4 -> play.operate(Operation.Kind.STANDBY, node);
            case 5 -> play.operate(Operation.Kind.ACTIVATE, node);
            case 6 -> play.move(group, node);
            case 7 -> {
                if (play.standing(group).isPresent()) {
                    play.fail(group, Severity.SOFT);
                }
            }
            case 8 -> {
                if (!up.isEmpty()) {
                    play.operate(Operation.Kind.MAINTAIN, target(node, group));
                }
            }
            case 9 -> {
                if (!up.isEmpty()) {
                    play.operate(Operation.Kind.RESUME, target(node, group));
                }
            }
            case 10 -> play.steady(group, node);
            default -> {
                register(group);
                play.settle();
            }
        }
    }

    void changeCapacity(Random by) {
        play.capacity(nodes.get(by.nextInt(nodes.size())), "memory", by.nextInt(12));
        play.settle();
    }

    private Target target(String node, String group) {
        return random.nextBoolean() ? Target.group(group) : Target.node(NodeId.of(node));
    }

    /** With news of every kind about what is there: nobody has planned with them yet. */
    Facts facts() {
        Facts known = play.facts();
        ClusterRecord record = play.record();
        TreeMap<Incarnation, List<String>> wills = new TreeMap<>();
        TreeMap<String, Given> releases = new TreeMap<>();
        TreeMap<String, NodeId> moves = new TreeMap<>();
        record.sessions().values().stream().limit(1).forEach(session -> wills.put(session.incarnation(), List.of()));
        for (String group : groups) {
            int kind = random.nextInt(4);
            if (kind == 0) {
                moves.put(group, NodeId.of(nodes.get(random.nextInt(nodes.size()))));
            } else if (kind == 1) {
                play.standing(group)
                        .ifPresent(grant -> releases.put(
                                group,
                                new Given(grant.holder(), grant.token(), Optional.of(Severity.SOFT), "it failed")));
            }
        }
        return new Facts(
                known.joins(),
                known.offers(),
                releases,
                known.leaves(),
                wills,
                known.silent(),
                moves,
                known.reachable(),
                known.tokenFloor(),
                known.operations(),
                known.cleared(),
                known.isBaseChosen(),
                known.steady(),
                known.policies());
    }

    String loseOne() {
        String node = nodes.get(random.nextInt(nodes.size()));
        play.lose(node);
        up.remove(node);
        return node;
    }

    void bring(String node) {
        up.add(node);
        play.back(node);
    }

    /** A group that was not there before, or one with other rules. Returns its name. */
    String registerOne() {
        String group = "h" + random.nextInt(3);
        if (random.nextBoolean()) {
            group = groups.get(random.nextInt(groups.size()));
        } else if (!groups.contains(group)) {
            groups.add(group);
        }
        register(group);
        play.settle();
        return group;
    }

    Map<String, Grant> grants() {
        Map<String, Grant> grants = new TreeMap<>();
        groups.forEach(group -> play.standing(group).ifPresent(grant -> grants.put(group, grant)));
        return grants;
    }

    /**
     * Those that are not where they were, although the life of the node that held them goes on, and that of whatever they must be with or start
     * after: what follows another stops with it, and is placed anew, and what follows one that ran nowhere has nobody to stay with. Nor those that may have made room for one that is more urgent and was without
     * a place: whether that came to it in the end is another matter.
     */
    Map<String, Grant> movedThoughLive(Map<String, Grant> before) {
        Map<String, Grant> moved = new TreeMap<>(before);
        moved.keySet().removeIf(group -> followsOneThatStopped(group, before, new TreeSet<>()));
        moved.keySet().removeIf(group -> isLessUrgentThanOneWithoutPlace(group, before));
        moved.entrySet()
                .removeIf(each -> !play.record().isLive(each.getValue().holder())
                        || play.standing(each.getKey())
                                .filter(grant ->
                                        grant.holder().equals(each.getValue().holder()))
                                .isPresent());
        return moved;
    }

    private boolean isLessUrgentThanOneWithoutPlace(String group, Map<String, Grant> before) {
        Board board = Board.of(play.record());
        return groups.stream()
                .anyMatch(other -> board.priority(board.number(other)) > board.priority(board.number(group))
                        && (!before.containsKey(other)
                                || !play.record().isLive(before.get(other).holder())));
    }

    private boolean followsOneThatStopped(String group, Map<String, Grant> before, TreeSet<String> seen) {
        Board board = Board.of(play.record());
        Links links = board.links(board.number(group));
        if (links == null || !seen.add(group)) {
            return false;
        }
        return Stream.concat(Arrays.stream(links.with), Arrays.stream(links.after))
                .flatMapToInt(Arrays::stream)
                .mapToObj(board::name)
                .anyMatch(other -> !other.equals(group)
                        && (!play.standing(other).equals(Optional.ofNullable(before.get(other)))
                                || followsOneThatStopped(other, before, seen)));
    }

    /** Of those that moved a group and whatever must be with it, or it with them. */
    Map<String, Grant> goingWith(String group, Map<String, Grant> moved) {
        Board board = Board.of(play.record());
        Map<String, Grant> together = new TreeMap<>(Map.of(group, moved.get(group)));
        boolean isGrowing = true;
        while (isGrowing) {
            isGrowing = false;
            for (Map.Entry<String, Grant> other : moved.entrySet()) {
                if (!together.containsKey(other.getKey())
                        && together.keySet().stream()
                                .anyMatch(one ->
                                        areWith(board, one, other.getKey()) || areWith(board, other.getKey(), one))) {
                    together.put(other.getKey(), other.getValue());
                    isGrowing = true;
                }
            }
        }
        return together;
    }

    private static boolean areWith(Board board, String one, String other) {
        Links links = board.links(board.number(one));
        return links != null
                && Arrays.stream(links.with)
                        .anyMatch(names -> Arrays.stream(names).anyMatch(g -> g == board.number(other)));
    }

    /**
     * The rules that are broken if these groups had stayed where they were while everything else is as it is now.
     */
    List<String> brokenIfStayed(Map<String, Grant> before) {
        ClusterRecord now = play.record();
        TreeMap<String, GroupRecord> groups = new TreeMap<>(now.groups());
        before.forEach(
                (group, grant) -> groups.put(group, now.groups().get(group).withGrant(grant)));
        return broken(Board.of(now.withGroups(groups, now.lastToken())));
    }

    boolean isTied(String group) {
        Board board = Board.of(play.record());
        return board.links(board.number(group)) != null;
    }

    /** What runs where a rule forbids it although nobody keeps it there. */
    List<String> broken() {
        return broken(Board.of(play.record()));
    }

    private static List<String> broken(Board board) {
        List<String> broken = new ArrayList<>();
        for (int g = 0; g < board.size(); g++) {
            int here = board.holder(g);
            Links own = board.links(g);
            if (here == Board.NONE || own == null || board.isMaintained(g)) {
                continue;
            }
            for (int other : own.apart) {
                if (board.holder(other) == here && !board.isMaintained(other)) {
                    broken.add(board.name(g) + " runs beside " + board.name(other));
                }
            }
            board.contradiction(g).ifPresent(broken::add);
            if (board.missingAt(g, here) != Board.NONE) {
                broken.add(board.name(g) + ": " + board.missing(own, board.missingAt(g, here)));
            }
            if (board.ended(g) != Board.NONE) {
                broken.add(board.name(g) + ": " + board.waitsFor(g, board.ended(g)));
            }
            if (isOverfull(board, g, here) && !isBesideMaintained(board, here)) {
                broken.add(board.node(here) + " is overfull");
            }
        }
        return broken;
    }

    /** By what runs there, whatever room is kept beside it for one that runs nowhere yet. */
    private static boolean isOverfull(Board board, int g, int here) {
        for (int kind : board.links(g).kinds) {
            long all = 0;
            for (int other = 0; other < board.size(); other++) {
                boolean isThere =
                        board.holder(other) == here || board.holder(other) != Board.NONE && board.target(other) == here;
                Links links = board.links(other);
                for (int i = 0; isThere && links != null && i < links.kinds.length; i++) {
                    all += links.kinds[i] == kind ? links.weights[i] : 0;
                }
            }
            if (all > board.capacity(here, kind)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isBesideMaintained(Board board, int here) {
        for (int g = 0; g < board.size(); g++) {
            if (board.holder(g) == here && board.isMaintained(g)) {
                return true;
            }
        }
        return false;
    }
}
