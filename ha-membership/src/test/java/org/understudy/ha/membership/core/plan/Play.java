package org.understudy.ha.membership.core.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.config.Failback;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.membership.core.plan.Facts.Admission;
import org.understudy.ha.membership.core.plan.Facts.Given;
import org.understudy.ha.membership.core.plan.Facts.Offered;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.Claims;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Operation;
import org.understudy.ha.membership.core.record.Rules;
import org.understudy.ha.membership.core.record.Session;

/**
 * A cluster in which only the planner is real: nodes do at once what the record tells them, as a node's machine does. After each event it
 * plans until nothing changes any more.
 */
final class Play {

    private static final int ROUNDS_MAX = 400;

    /** What every node registers of a group, unless it says otherwise. */
    private static final class Registration {
        private List<NodeId> preferred = List.of();
        private Placement placement = Placement.NONE;
        private boolean isExpirable = true;
        private final TreeMap<NodeId, String> vetoes = new TreeMap<>();
        private final TreeMap<NodeId, Long> scores = new TreeMap<>();
        private final TreeMap<NodeId, Placement> otherwise = new TreeMap<>();
        private Optional<List<NodeId>> only = Optional.empty();
    }

    private final TreeMap<String, Registration> registrations = new TreeMap<>();
    private final TreeMap<NodeId, TreeMap<String, Integer>> capacities = new TreeMap<>();
    private final TreeSet<NodeId> up = new TreeSet<>();
    private final TreeMap<String, SortedSet<NodeId>> steady = new TreeMap<>();
    private final TreeMap<String, NodeId> moves = new TreeMap<>();
    private final List<Operation> operations = new ArrayList<>();
    private final TreeMap<NodeId, Admission> joins = new TreeMap<>();
    private final TreeMap<Incarnation, List<String>> wills = new TreeMap<>();
    private final TreeSet<Incarnation> silent = new TreeSet<>();
    private final TreeSet<Incarnation> leaves = new TreeSet<>();
    private final TreeMap<String, Given> releases = new TreeMap<>();
    private final TreeSet<String> blocked = new TreeSet<>();
    private final TreeMap<NodeId, Long> versions = new TreeMap<>();
    private final List<String> happened = new ArrayList<>();
    private final TreeMap<String, String> said = new TreeMap<>();
    private ClusterRecord record;
    private long nonce;

    Play(List<String> nodes) {
        List<AcceptorId> acceptors =
                nodes.stream().map(n -> new AcceptorId(NodeId.of(n), "d")).toList();
        record = ClusterRecord.first("play", acceptors);
        nodes.forEach(n -> {
            up.add(NodeId.of(n));
            capacities.put(NodeId.of(n), new TreeMap<>());
        });
    }

    // ---- what is there -------------------------------------------------------------------------------------------

    void capacity(String node, String name, int amount) {
        capacities.get(NodeId.of(node)).put(name, amount);
    }

    void register(String group, List<String> preferred, Placement placement) {
        Registration registration = registrations.computeIfAbsent(group, g -> new Registration());
        registration.preferred = preferred.stream().map(NodeId::of).toList();
        registration.placement = placement;
    }

    /** No node offers it any more. */
    void unregister(String group) {
        registrations.remove(group);
    }

    /** Whether any part of a group is registered. */
    boolean isRegistered(String group) {
        return registrations.keySet().stream()
                .anyMatch(name -> Part.groupOf(name).equals(group));
    }

    void registerOtherwise(String node, String group, Placement placement) {
        registrations.get(group).otherwise.put(NodeId.of(node), placement);
    }

    void only(String group, List<String> nodes) {
        registrations.get(group).only =
                Optional.of(nodes.stream().map(NodeId::of).toList());
    }

    void veto(String group, String node, String why) {
        registrations.get(group).vetoes.put(NodeId.of(node), why);
    }

    void clear(String group, String node) {
        registrations.get(group).vetoes.remove(NodeId.of(node));
    }

    void score(String group, String node, long score) {
        registrations.get(group).scores.put(NodeId.of(node), score);
    }

    void unexpirable(String group) {
        registrations.get(group).isExpirable = false;
    }

    /** Everybody says what it registers, and nothing is placed yet. */
    void offer() {
        offerAll(new TreeSet<>());
    }

    /** It stands granted there already, as if nobody had ever looked at the rules. */
    void given(String group, String node) {
        offerAll(new TreeSet<>());
        Session session = record.sessions().get(NodeId.of(node));
        Registration registration = registrations.get(group);
        TreeMap<String, GroupRecord> groups = new TreeMap<>(record.groups());
        long token = record.lastToken() + 1;
        Grant grant = new Grant(
                session.incarnation(),
                token,
                org.understudy.ha.api.ProofKind.NEVER,
                Optional.empty(),
                registration.isExpirable,
                List.of());
        groups.put(
                group,
                GroupRecord.NEW.withRules(Rules.of(registration.placement)).withGrant(grant));
        record = record.withGroups(groups, token);
    }

    // ---- what happens --------------------------------------------------------------------------------------------

    /** Its process dies, and that is proved. */
    void lose(String node) {
        end(node, true);
    }

    /** It is silent until its lease is over. */
    void cut(String node) {
        end(node, false);
    }

    private void end(String name, boolean isProved) {
        NodeId node = NodeId.of(name);
        Incarnation who = record.sessions().get(node).incarnation();
        up.remove(node);
        joins.remove(node);
        if (isProved) {
            wills.put(who, List.of());
        } else {
            silent.add(who);
        }
        settle();
    }

    void leave(String name) {
        NodeId node = NodeId.of(name);
        Incarnation who = record.sessions().get(node).incarnation();
        up.remove(node);
        joins.remove(node);
        leaves.add(who);
        settle();
    }

    void back(String name) {
        up.add(NodeId.of(name));
        settle();
    }

    void move(String group, String node) {
        Optional<String> refusal = Planner.moveRefusal(record, group, NodeId.of(node));
        if (refusal.isPresent()) {
            said.put(group, refusal.get());
        } else {
            moves.put(group, NodeId.of(node));
        }
        settle();
        moves.clear();
        settle();
    }

    void operate(Operation.Kind kind, String node) {
        operate(new Operation(kind, NodeId.of(node), 0, "ann", "to try"));
    }

    void operate(Operation.Kind kind, Target target) {
        operate(new Operation(kind, record.sessions().firstKey(), 0, Optional.of(target), "ann", "to try"));
    }

    private void operate(Operation operation) {
        Planner.operationRefusal(record, operation).ifPresent(why -> said.put("operator", why));
        operations.add(operation);
        settle();
        operations.clear();
    }

    boolean isDrained(String node) {
        return Planner.isDone(record, new Operation(Operation.Kind.DRAIN, NodeId.of(node), 0, "ann", "to try"));
    }

    /** It fails where it runs, and is stopped there. */
    void fail(String group, Severity severity) {
        Grant grant = standing(group).orElseThrow();
        releases.put(group, new Given(grant.holder(), grant.token(), Optional.of(severity), "it failed"));
        settle();
    }

    /** Its stop does not end. */
    void block(String group) {
        blocked.add(group);
    }

    void unblock(String group) {
        blocked.remove(group);
    }

    void steady(String group, String node) {
        steady.computeIfAbsent(group, g -> new TreeSet<>()).add(NodeId.of(node));
        settle();
        steady.clear();
        settle();
    }

    /** Plans, and lets the nodes do what the record says, until nothing changes. */
    void settle() {
        for (int i = 0; i < ROUNDS_MAX; i++) {
            boolean isChange = plan();
            isChange |= admitAll() | offerAll(up) | obey();
            if (!isChange) {
                return;
            }
        }
        throw new AssertionError("it never settles: " + happened.subList(happened.size() - 20, happened.size()));
    }

    /** Plans once. */
    boolean plan() {
        Facts facts = facts();
        Plan plan = Planner.plan(record, facts);
        note(plan);
        ClusterRecord before = record;
        record = plan.record();
        check(before);
        checkSaid(before, plan);
        wills.keySet().removeIf(who -> !record.isLive(who));
        silent.removeIf(who -> !record.isLive(who));
        leaves.removeIf(who -> !record.isLive(who));
        // As a node's machine does: a move that the record knows is not asked for any more.
        moves.entrySet().removeIf(move -> isTaken(move.getKey(), move.getValue()));
        return plan.isChange();
    }

    private void note(Plan plan) {
        for (Notice notice : plan.notices()) {
            said.put(notice.subject(), notice.detail());
            happened.add(notice.subject() + " " + notice.reason() + " " + notice.detail());
        }
    }

    private boolean isTaken(String group, NodeId to) {
        GroupRecord state = record.groups().get(group);
        return state.moveTo().filter(to::equals).isPresent()
                || standing(group)
                        .filter(grant -> grant.holder().node().equals(to))
                        .isPresent();
    }

    Facts facts() {
        return new Facts(
                joins,
                new TreeMap<>(),
                releases,
                leaves,
                wills,
                silent,
                moves,
                new TreeSet<>(up),
                0,
                operations,
                new TreeSet<>(),
                false,
                steady,
                Policies.with(List.of()));
    }

    private boolean admitAll() {
        boolean isNews = false;
        for (NodeId node : up) {
            if (!record.sessions().containsKey(node) && !joins.containsKey(node)) {
                joins.put(node, new Admission(++nonce, "d", HostIdentity.UNKNOWN, "key", 0));
                isNews = true;
            }
        }
        return isNews;
    }

    /** Every node offers what it registers, and says what runs on it; nothing is placed on a node that is not heard. */
    private boolean offerAll(TreeSet<NodeId> heard) {
        if (record.sessions().isEmpty()) {
            admitAll();
            record = Planner.plan(record, facts()).record();
        }
        TreeMap<Incarnation, Offered> offers = new TreeMap<>();
        record.sessions().forEach((node, session) -> {
            if (up.contains(node)) {
                TreeMap<String, Candidacy> candidacies = new TreeMap<>();
                TreeMap<String, Rules> rules = new TreeMap<>();
                registrations.forEach((group, registration) -> {
                    if (registration.only.map(only -> only.contains(node)).orElse(true)) {
                        Rules own = Rules.of(registration.otherwise.getOrDefault(node, registration.placement));
                        rules.put(group, own);
                        candidacies.put(group, candidacy(node, session, group, registration, own));
                    }
                });
                boolean isSame = candidacies.equals(session.candidacies())
                        && capacities.get(node).equals(session.capacity())
                        && rules.entrySet().stream().noneMatch(e -> isNewsAgreed(e.getKey(), e.getValue()));
                if (!isSame) {
                    long version = versions.merge(node, 1L, Long::sum);
                    offers.put(
                            session.incarnation(),
                            new Offered(version, candidacies, rules, capacities.get(node), Claims.NONE));
                }
            }
        });
        if (offers.isEmpty()) {
            return false;
        }
        Facts facts = facts();
        Plan plan = Planner.plan(
                record,
                new Facts(
                        new TreeMap<>(),
                        offers,
                        new TreeMap<>(),
                        leaves,
                        wills,
                        silent,
                        new TreeMap<>(),
                        new TreeSet<>(heard),
                        0,
                        List.of(),
                        new TreeSet<>(),
                        false,
                        facts.steady(),
                        facts.policies()));
        note(plan);
        ClusterRecord before = record;
        record = plan.record();
        check(before);
        return true;
    }

    /** As a node's machine does: all agree on rules that the record does not have. */
    private boolean isNewsAgreed(String group, Rules rules) {
        GroupRecord state = record.groups().get(group);
        return state != null
                && state.rules().digest() != rules.digest()
                && Planner.isAgreed(record.sessions().values(), group, rules.digest());
    }

    private Candidacy candidacy(NodeId node, Session session, String group, Registration registration, Rules own) {
        boolean isAwaited = record.groups().values().stream()
                .anyMatch(g -> g.rules().placement().after().contains(group)
                        || g.rules().placement().after().contains(Rules.family(group)));
        long runs = standing(group)
                .filter(grant -> isAwaited && grant.holder().equals(session.incarnation()) && !isToStop(group, grant))
                .map(Grant::token)
                .orElse(0L);
        String veto = registration.vetoes.getOrDefault(node, "");
        return new Candidacy(
                registration.preferred,
                false,
                veto.isEmpty(),
                veto,
                Presence.ABSENT,
                registration.isExpirable,
                List.of(),
                registration.scores.getOrDefault(node, 0L),
                false,
                own.digest(),
                runs);
    }

    private boolean isToStop(String group, Grant grant) {
        NodeId holder = grant.holder().node();
        GroupRecord state = record.groups().get(group);
        boolean isOnStandby = record.standby().contains(holder) && !Planner.isMaintained(record, group, holder);
        return isOnStandby
                || state.moveTo().filter(to -> !to.equals(holder)).isPresent()
                || !state.held().isEmpty();
    }

    private boolean obey() {
        releases.entrySet()
                .removeIf(e -> standing(e.getKey())
                        .filter(g -> g.token() == e.getValue().token())
                        .isEmpty());
        Predicate<String> needed = Planner.needed(record);
        boolean isNews = false;
        for (String group : record.groups().keySet()) {
            Optional<Grant> grant = standing(group);
            boolean isThere = grant.filter(g -> record.isLive(g.holder())).isPresent();
            boolean isLeaving = isThere && leaves.contains(grant.get().holder());
            if (isThere
                    && !releases.containsKey(group)
                    && !blocked.contains(group)
                    && (isLeaving || up.contains(grant.get().holder().node()))
                    && (isLeaving || isToStop(group, grant.get()) && !needed.test(group))) {
                releases.put(group, new Given(grant.get().holder(), grant.get().token(), Optional.empty(), "stopped"));
                isNews = true;
            }
        }
        return isNews;
    }

    // ---- what must always hold -----------------------------------------------------------------------------------

    /** What is said of grants is so. */
    private void checkSaid(ClusterRecord before, Plan plan) {
        for (Notice notice : plan.notices()) {
            boolean isNew = standing(notice.subject())
                    .filter(grant -> !before.grant(notice.subject()).equals(Optional.of(grant)))
                    .isPresent();
            if (notice.reason() == Reason.GRANT_MADE && !isNew) {
                throw new AssertionError(notice.subject() + " was not granted: " + notice.detail());
            }
            boolean isRunning = standing(notice.subject()).isPresent();
            if ((notice.reason() == Reason.GROUP_HELD || notice.reason() == Reason.MOVE_DECIDED) && !isRunning) {
                throw new AssertionError(notice.subject() + " runs nowhere: " + notice.detail());
            }
        }
    }

    /** A new grant breaks no rule, and follows exactly one proof. */
    private void check(ClusterRecord before) {
        Board board = Board.of(record);
        for (int g = 0; g < board.size(); g++) {
            GroupRecord state = board.state(g);
            Optional<Grant> old = before.grant(board.name(g));
            boolean isNew = state.isGranted() && !state.grant().equals(old);
            if (isNew) {
                String against = brokenBy(board, g, before);
                if (!against.isEmpty()) {
                    throw new AssertionError(board.name(g) + " was granted against a rule: " + against);
                }
                if (before.groups().containsKey(board.name(g))
                        && old.isPresent()
                        && old.get().stands()
                        && !isOver(before, board.name(g), old.get())) {
                    throw new AssertionError(board.name(g) + " was granted while its last grant stood");
                }
                if (board.isMaintained(g)) {
                    throw new AssertionError(board.name(g) + " was granted in maintenance");
                }
            }
        }
    }

    /** Whom it must be with may have been told to leave by the same plan, because a rule says so: it follows with the next. */
    private String brokenBy(Board board, int g, ClusterRecord before) {
        Links own = board.links(g);
        int here = board.holder(g);
        if (own == null) {
            return "";
        }
        int missing = board.missingAt(g, here);
        boolean isNews = missing >= own.with.length
                || missing != Board.NONE
                        && Arrays.stream(own.with[missing])
                                .anyMatch(other -> !board.state(other)
                                        .equals(before.groups().get(board.name(other))));
        return board.apartAt(g, here) != Board.NONE
                        || board.shortAt(g, here) != Board.NONE
                        || missing != Board.NONE && !isNews
                ? board.ruleAgainst(g, here).orElse("a rule")
                : "";
    }

    private boolean isOver(ClusterRecord before, String group, Grant old) {
        boolean isGivenBack = Optional.ofNullable(releases.get(group))
                .filter(given -> given.token() == old.token())
                .isPresent();
        boolean isDead = wills.containsKey(old.holder()) || silent.contains(old.holder()) && old.isExpirable();
        return isGivenBack || isDead;
    }

    // ---- what is so ----------------------------------------------------------------------------------------------

    ClusterRecord record() {
        return record;
    }

    Optional<Grant> standing(String group) {
        return record.grant(group).filter(Grant::stands);
    }

    Optional<String> place(String group) {
        return standing(group).map(grant -> grant.holder().node().value());
    }

    /** Every group with its node, or a hyphen. */
    String places() {
        List<String> places = new ArrayList<>();
        record.groups()
                .keySet()
                .forEach(group -> places.add(group + '@' + place(group).orElse("-")));
        return String.join(" ", places);
    }

    /** Why it is where it is, or nowhere: what the record says, or what was said of it last. */
    String why(String group) {
        String held = Optional.ofNullable(record.groups().get(group))
                .map(GroupRecord::held)
                .orElse("");
        boolean isLive =
                standing(group).filter(grant -> record.isLive(grant.holder())).isPresent();
        String last = said.getOrDefault(group, "");
        return (isLive ? held : Planner.whyUnowned(record, group)) + ' ' + last;
    }

    String said(String subject) {
        return said.getOrDefault(subject, "");
    }

    long tokens() {
        return record.lastToken();
    }

    List<String> happened() {
        return happened;
    }

    // ---- rules as text -------------------------------------------------------------------------------------------

    /** Words like {@code needs=memory:4 with=db apart=web,mail priority=3 failback=stable}. */
    static Placement placement(Map<String, String> words) {
        Placement.Builder rules = Placement.rules();
        words.forEach((word, value) -> {
            String[] each = value.split(",");
            switch (word) {
                case "needs" ->
                    Arrays.stream(each)
                            .map(need -> need.split(":"))
                            .forEach(need -> rules.needs(need[0], Integer.parseInt(need[1])));
                case "with" -> rules.with(each);
                case "preferWith" -> rules.preferWith(each);
                case "apart" -> rules.apart(each);
                case "preferApart" -> rules.preferApart(each);
                case "after" -> rules.after(each);
                case "priority" -> rules.priority(Integer.parseInt(value));
                case "failback" ->
                    rules.failback(
                            value.equals("stable")
                                    ? Failback.whenStable(java.time.Duration.ofMinutes(5))
                                    : value.equals("never") ? Failback.never() : Failback.manual());
                case "policy" -> rules.policy(value);
                default -> throw new IllegalArgumentException("no rule " + word);
            }
        });
        return rules.build();
    }
}
