package org.understudy.ha.membership.core.plan;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.Target;
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
import org.understudy.ha.membership.core.record.OperatorWord;
import org.understudy.ha.membership.core.record.RecordRoom;
import org.understudy.ha.membership.core.record.Rules;
import org.understudy.ha.membership.core.record.Sentence;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.SessionEnd;
import org.understudy.ha.membership.core.record.Voters;

/**
 * Decides what the cluster record should become. Pure and deterministic: the same record and facts give the same plan.
 *
 * <p>The order matters: what is over is settled before anybody is admitted, and nobody is granted a group before its last
 * grant is over by exactly one proof.
 */
public final class Planner {

    /** How the groups behind leader elections are called; no group of a user can be. */
    public static final String ELECTION_PREFIX = "election:";

    /** How what outlives a host is called among the things that remain: nothing about the host proves its end. */
    public static final String EXTERNAL_PREFIX = "external/";

    /** How programs that run beside the node are called among the things that remain: no guardian can say that one has ended. */
    public static final String PROGRAM_PREFIX = "program/";

    /** How the word that put something into maintenance begins. */
    public static final String MAINTENANCE_OF = "maintenance of ";

    /** What the word that took a group out of the record says of it. */
    public static final String TAKEN_OUT = " is taken out of the record";

    private static final String NO_ROOM = "the cluster record has no room for what this node offers now";
    private static final int ENDS_KEPT = 16;
    /** So often it is planned again without what a plan began and took back. What is left of that then is not done either. */
    private static final int AGAIN_MAX = 4;

    private static final String LEAVING = "what it goes with is about to move or to stop";
    /** What is said of a grant that is taken back, and of what became of it. */
    private static final List<Reason> OF_A_GRANT = List.of(Reason.GRANT_MADE, Reason.GROUP_HELD, Reason.MOVE_DECIDED);

    /** A forced generation has one of 64 numbers; there are 32 767. */
    private static final int GENERATION_BITS = 6;

    private static final int WORDS_KEPT = 256;

    private Planner() {}

    /** Plans one change of the record. */
    public static Plan plan(ClusterRecord base, Facts facts) {
        Facts heeded = facts;
        TreeMap<String, TreeSet<NodeId>> barred = new TreeMap<>();
        for (int again = 0; ; again++) {
            Work work = new Work(base, heeded, barred);
            Plan plan = work.run();
            if (!work.isTakenBack() || again == AGAIN_MAX) {
                return plan;
            }
            if (work.undone.isEmpty()) {
                work.takenBack.forEach((group, node) -> bar(group, node, barred, work.sessions.keySet()));
            }
            heeded = heeded.withoutMoves(work.undone);
        }
    }

    /** Not there, and whoever was taken back twice nowhere: the next plan looks again. */
    private static void bar(String group, NodeId node, TreeMap<String, TreeSet<NodeId>> barred, Set<NodeId> all) {
        TreeSet<NodeId> nodes = barred.computeIfAbsent(group, g -> new TreeSet<>());
        if (nodes.isEmpty()) {
            nodes.add(node);
        } else {
            nodes.addAll(all);
        }
    }

    /** Why a move cannot be tried; empty if it can, or if the group is there already. */
    public static Optional<String> moveRefusal(ClusterRecord record, String group, NodeId to) {
        GroupRecord state = record.groups().get(group);
        if (state == null) {
            return Optional.of(noSuchGroup(record, Part.groupOf(group)));
        }
        Session target = record.sessions().get(to);
        if (target == null) {
            return unknown(record, to)
                    .or(() -> Optional.of(to + " is not in the cluster now; there are "
                            + record.sessions().keySet()));
        }
        Candidacy candidacy = target.candidacies().get(group);
        if (candidacy == null) {
            return Optional.of(to + " has not registered group " + Part.title(group));
        }
        if (!candidacy.isEligible()) {
            return Optional.of(to + " cannot start it now: " + candidacy.whyNot());
        }
        if (record.standby().contains(to)) {
            return Optional.of(to + " is on standby; activate it first");
        }
        return placementRefusal(Board.of(record), group, to);
    }

    /** Why a move that was under way is not tried any more, one sentence. */
    public static String notTakenOver(ClusterRecord record, String group, NodeId to) {
        Optional<String> why = Optional.ofNullable(record.sessions().get(to))
                .map(session -> session.candidacies().get(group))
                .filter(candidacy -> !candidacy.isEligible())
                .map(Candidacy::whyNot)
                .or(() -> moveRefusal(record, group, to));
        Optional<NodeId> holder = record.grant(group)
                .filter(Grant::stands)
                .map(grant -> grant.holder().node());
        return why.map(reason -> to + " could not take " + Part.title(group) + " over: " + Board.withoutNode(to, reason)
                        + holder.map(node -> "; it stays on " + node).orElse(""))
                .orElseGet(() -> "the move of " + Part.title(group) + " to " + to + " was withdrawn"
                        + holder.map(node -> "; it is granted to " + node).orElse("; it is granted to nobody now"));
    }

    private static Optional<String> placementRefusal(Board board, String group, NodeId to) {
        int number = board.number(group);
        int there = board.nodeNumber(to);
        if (board.isMaintained(number)) {
            return Optional.of("an operator has " + Part.title(group) + " in maintenance; end that first");
        }
        if (board.holder(number) == there || board.isAllowedFirst(number, there)) {
            return board.isCandidate(number, there) || board.holder(number) == there
                    ? Optional.empty()
                    : board.whyNot(number, there);
        }
        return board.ruleAgainst(number, there)
                .or(() -> Optional.of(to + ": what must be with it could not follow it there"));
    }

    /**
     * The record of a new generation, in which one acceptor goes on alone on an operator's word: everybody's session is over by that
     * word, and with it what the end of a lease ends. Anything else stays held, by whom it is held: the word is about votes, and a process that
     * only its own end stops may live on where nobody hears it.
     *
     * @param own the lives that the survivor's process has had, which runs nothing: what they hold is released
     */
    public static ClusterRecord forced(
            ClusterRecord base,
            int generation,
            AcceptorId survivor,
            SortedSet<Incarnation> own,
            String who,
            String why) {
        List<SessionEnd> ends = new ArrayList<>(base.ends());
        for (Session session : base.sessions().values()) {
            ends.add(new SessionEnd(
                    session.incarnation(),
                    ProofKind.OPERATOR,
                    session.willKey(),
                    List.of(),
                    session.disk(),
                    session.host()));
        }
        TreeMap<String, GroupRecord> groups = new TreeMap<>();
        base.groups().forEach((name, group) -> {
            Optional<Grant> standing = group.grant().filter(Grant::stands);
            Optional<Grant> over = standing.filter(grant -> own.contains(grant.holder()))
                    .map(grant -> grant.endedBy(ProofKind.RELEASED))
                    .or(() -> standing.filter(Grant::isExpirable).map(grant -> grant.endedBy(ProofKind.OPERATOR)));
            groups.put(name, over.map(group::withGrant).orElse(group).withMoveTo(Optional.empty()));
        });
        List<OperatorWord> words = new ArrayList<>(base.words());
        words.add(new OperatorWord(base.number() + 1, survivor.node() + " goes on alone", who, why));
        return base.withGeneration(generation)
                .withNumber(base.number() + 1)
                .withVoters(Voters.of(List.of(survivor)))
                .withSessions(new TreeMap<>(), base.incarnations(), ends)
                .withGroups(groups, Math.max(base.lastToken(), ClusterRecord.floor(generation)))
                .withOperators(base.standby(), words);
    }

    /**
     * The number of the generation that a node forces: above every one seen, and drawn, so that two words on two nodes, one after the other
     * died unheard, hardly ever give the same tokens.
     *
     * @param random of the process that forces it
     */
    public static int nextGeneration(int before, long random) {
        return before + 1 + (int) (random * 0x9E3779B97F4A7C15L >>> Long.SIZE - GENERATION_BITS);
    }

    /** What is to be said when an operation is done. */
    public static String done(ClusterRecord record, Operation operation) {
        return operation.kind() == Operation.Kind.CONFIRM_DOWN
                ? operation.vouchedFor() + " holds nothing; its node's newest life is "
                        + record.incarnations().getOrDefault(operation.node(), 0L)
                : "done";
    }

    /** Why an operation cannot be tried; empty if it can, or if it is done already. */
    public static Optional<String> operationRefusal(ClusterRecord record, Operation operation) {
        return switch (operation.kind()) {
            case ADMIT -> VoterChange.refusal(record, operation);
            case REMOVE -> unknown(record, operation.node()).or(() -> VoterChange.refusal(record, operation));
            case STANDBY, DRAIN, ACTIVATE -> unknown(record, operation.node());
            case MAINTAIN -> unknown(record, operation.target().orElseThrow());
            case RESUME ->
                record.maintenance().contains(operation.target().orElseThrow())
                        ? Optional.empty()
                        : unknown(record, operation.target().orElseThrow());
            case FORGET -> forgetRefusal(record, operation.target().orElseThrow());
            case CONFIRM_DOWN -> unknown(record, operation.node()).or(() -> confirmRefusal(record, operation));
        };
    }

    /** That a node never was one of this cluster, and which were; empty if it was. */
    public static Optional<String> unknown(ClusterRecord record, NodeId node) {
        TreeSet<NodeId> known = new TreeSet<>(record.incarnations().keySet());
        known.addAll(record.standby());
        record.voters().all().forEach(acceptor -> known.add(acceptor.node()));
        return known.contains(node)
                ? Optional.empty()
                : Optional.of(node + " never was a node of this cluster; those known are " + known);
    }

    private static Optional<String> unknown(ClusterRecord record, Target target) {
        return switch (target.kind()) {
            case EVERYTHING -> Optional.empty();
            case NODE -> unknown(record, NodeId.of(target.name()));
            case GROUP ->
                isKnown(record, target.name()) && !target.name().startsWith(ELECTION_PREFIX)
                        ? Optional.empty()
                        : Optional.of(noSuchGroup(record, target.name()));
        };
    }

    /** That the record knows no such group, and which it knows, by their users' names. */
    public static String noSuchGroup(ClusterRecord record, String group) {
        TreeSet<String> known = new TreeSet<>();
        record.groups().keySet().stream()
                .filter(name -> !name.startsWith(ELECTION_PREFIX))
                .forEach(name -> known.add(Part.groupOf(name)));
        return "no node has registered a group " + group + "; "
                + (known.isEmpty() ? "no group is known" : "those known are " + known);
    }

    /** What of a user's group stands in the record. */
    private static List<String> partsOf(ClusterRecord record, String group) {
        return record.groups().keySet().stream()
                .filter(name -> Part.groupOf(name).equals(group))
                .toList();
    }

    /**
     * Why a group must stay in the record; empty if nothing of it is held and nobody offers it. Whatever it did last is over by a proof then, so
     * that its next first start, which NEVER has to prove, does not meet it.
     */
    private static Optional<String> forgetRefusal(ClusterRecord record, Target target) {
        String group = target.name();
        List<String> parts = partsOf(record, group);
        if (parts.isEmpty() || group.startsWith(ELECTION_PREFIX)) {
            return Optional.of(noSuchGroup(record, group));
        }
        if (isMaintained(record.maintenance(), group)) {
            return Optional.of("an operator has " + group + " in maintenance; end that first");
        }
        for (String part : parts) {
            if (record.groups().get(part).isGranted()) {
                return Optional.of(Part.title(part) + " may still run somewhere, so it is not forgotten: "
                        + whyUnowned(record, part));
            }
        }
        List<NodeId> offering = record.sessions().values().stream()
                .filter(session -> parts.stream().anyMatch(session.candidacies()::containsKey))
                .map(session -> session.incarnation().node())
                .toList();
        return offering.isEmpty()
                ? Optional.empty()
                : Optional.of(offering + " offer to run " + group + "; start them without it first");
    }

    /** What the record keeps of the word that put something into maintenance. */
    public static String maintained(Target target) {
        return MAINTENANCE_OF + target;
    }

    /** What the record keeps of the word that took a group out of it. */
    private static String forgotten(Target group) {
        return group + TAKEN_OUT;
    }

    /** Whether the record has that group, or parts of it. */
    static boolean isKnown(ClusterRecord record, String group) {
        return record.groups().containsKey(group)
                || record.groups().keySet().stream()
                        .anyMatch(name -> Part.groupOf(name).equals(group));
    }

    private static Optional<String> confirmRefusal(ClusterRecord record, Operation operation) {
        Incarnation who = operation.vouchedFor();
        if (!isIssued(record, who)) {
            return Optional.of(
                    who + " is not known to this node's record, which may be behind: its newest life of " + who.node()
                            + " is " + record.incarnations().getOrDefault(who.node(), 0L)
                            + "; ask on a node that a majority answers");
        }
        boolean isHolder = record.groups().values().stream()
                .flatMap(group -> group.grant().stream())
                .anyMatch(grant -> grant.holder().equals(who));
        return isHolder || record.isLive(who)
                ? Optional.empty()
                : Optional.of(who + " has no session and holds nothing; " + operation.node() + " is now "
                        + Optional.ofNullable(record.sessions().get(operation.node()))
                                .map(session -> session.incarnation().toString())
                                .orElse("not in the cluster"));
    }

    private static boolean isIssued(ClusterRecord record, Incarnation who) {
        return record.incarnations().getOrDefault(who.node(), 0L) >= who.number();
    }

    /** What an operation that is not done waits for, one sentence. */
    public static String operationWaitsFor(ClusterRecord record, Operation operation) {
        if (operation.kind() == Operation.Kind.DRAIN && record.standby().contains(operation.node())) {
            List<String> held = heldBy(record, operation.node()).stream()
                    .map(group -> isMaintained(record, group, operation.node())
                            ? Part.title(group) + " (in maintenance)"
                            : Part.title(group))
                    .toList();
            return "it is on standby, but " + Sentence.few(held) + " still stands granted to it";
        }
        if (operation.kind() == Operation.Kind.CONFIRM_DOWN && record.isLive(operation.vouchedFor())) {
            return "the session of " + operation.vouchedFor()
                    + " stands: somebody hears it, its lease has not been waited out, or no majority answers to decide";
        }
        return record.voters().isSettled()
                ? "no majority took it up; see whether a majority is connected and in good health, and if one is lost for good"
                        + " force the record"
                : "a change of the voters is under way: " + record.voters();
    }

    /** Whether decisions about a group, wherever it is, are an operator's for now. What is said of a group is said of its copies. */
    static boolean isMaintained(SortedSet<Target> maintenance, String group) {
        if (maintenance.isEmpty()) {
            return false;
        }
        int end = Math.max(group.indexOf('#'), group.indexOf('!'));
        return maintenance.contains(Target.everything())
                || maintenance.contains(Target.group(group))
                || end > 0 && maintenance.contains(Target.group(group.substring(0, end)));
    }

    /** Whether decisions about a group on a node are an operator's for now. Elections go on. */
    public static boolean isMaintained(ClusterRecord record, String group, NodeId node) {
        return !record.maintenance().isEmpty()
                && !group.startsWith(ELECTION_PREFIX)
                && (isMaintained(record.maintenance(), group)
                        || record.maintenance().contains(Target.node(node)));
    }

    /** Which groups still have to run because others that run only while they do have not stopped yet. Not thread-safe. */
    public static Predicate<String> needed(ClusterRecord record) {
        Board[] once = new Board[1];
        return group -> {
            Board board = once[0] == null ? Board.of(record) : once[0];
            once[0] = board;
            return board.isNeeded(board.number(group));
        };
    }

    private static List<String> heldBy(ClusterRecord record, NodeId node) {
        return record.groups().entrySet().stream()
                .filter(group -> group.getValue()
                        .grant()
                        .filter(grant -> grant.stands() && grant.holder().node().equals(node))
                        .isPresent())
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Of what remains of a group, what a guardian has removed when it speaks: everything on its host but other programs, and nothing beyond it. */
    public static List<String> removedAtDeath(List<String> remains) {
        return remains.stream()
                .filter(thing -> !thing.startsWith(EXTERNAL_PREFIX) && !thing.startsWith(PROGRAM_PREFIX))
                .toList();
    }

    /** Whether nothing is left to do for an operation. */
    public static boolean isDone(ClusterRecord record, Operation operation) {
        return switch (operation.kind()) {
            case STANDBY -> record.standby().contains(operation.node());
            case DRAIN ->
                record.standby().contains(operation.node())
                        && heldBy(record, operation.node()).isEmpty();
            case MAINTAIN -> record.maintenance().contains(operation.target().orElseThrow());
            case RESUME ->
                !record.maintenance().contains(operation.target().orElseThrow())
                        && unknown(record, operation.target().orElseThrow()).isEmpty();
            case ACTIVATE ->
                !record.standby().contains(operation.node())
                        && unknown(record, operation.node()).isEmpty();
            case CONFIRM_DOWN ->
                isIssued(record, operation.vouchedFor())
                        && !record.isLive(operation.vouchedFor())
                        && record.groups().values().stream()
                                .flatMap(group -> group.grant().stream())
                                .noneMatch(grant ->
                                        grant.stands() && grant.holder().equals(operation.vouchedFor()));
            case FORGET ->
                partsOf(record, operation.target().orElseThrow().name()).isEmpty()
                        && record.words().stream()
                                .anyMatch(word -> word.what()
                                        .equals(forgotten(operation.target().orElseThrow())));
            case ADMIT -> VoterChange.isDone(record, operation);
            case REMOVE -> unknown(record, operation.node()).isEmpty() && VoterChange.isDone(record, operation);
        };
    }

    /** Why a group is granted to nobody, one sentence. */
    public static String whyUnowned(ClusterRecord record, String group) {
        return whyUnowned(record, group, () -> Board.of(record));
    }

    /** As {@link #whyUnowned(ClusterRecord, String)} for one group after the other. Not thread-safe. */
    public static Function<String, String> whyUnowned(ClusterRecord record) {
        Board[] once = new Board[1];
        return group -> whyUnowned(record, group, () -> once[0] = once[0] == null ? Board.of(record) : once[0]);
    }

    private static String whyNotPlaced(Board board, String group) {
        Placing placing = new Placing(board);
        int number = board.number(group);
        return placing.obstacle(number).orElseGet(() -> Placing.noCandidate(board, number));
    }

    private static String whyUnowned(ClusterRecord record, String group, Supplier<Board> board) {
        GroupRecord state = record.groups().get(group);
        if (state == null) {
            return "not in the cluster record yet";
        }
        if (!state.fatal().isEmpty()) {
            return "must not run anywhere: " + state.fatal() + "; clear its failures once that is mended";
        }
        Optional<Grant> standing = state.grant().filter(Grant::stands);
        if (standing.isPresent()) {
            Grant grant = standing.get();
            return record.isLive(grant.holder())
                    ? "granted to " + grant.holder()
                    : "the session of " + grant.holder() + " is over, but nothing proves that its resources are gone: "
                            + "waiting for its last will, for that node to come back on the same host and disk, or for an"
                            + " operator to confirm that it is down";
        }
        Optional<String> obstacle = Forms.obstacle(record, group)
                .or(() -> state.grant().isEmpty() ? neverObstacle(record, group) : Optional.empty());
        return obstacle.orElseGet(() -> whyNotPlaced(board.get(), group));
    }

    /** Whether whoever offers a group, and somebody does, offers it with these rules. */
    public static boolean isAgreed(Collection<Session> sessions, String group, long digest) {
        boolean isOffered = false;
        for (Session session : sessions) {
            Candidacy candidacy = session.candidacies().get(group);
            if (candidacy != null && candidacy.rules() != digest) {
                return false;
            }
            isOffered |= candidacy != null;
        }
        return isOffered;
    }

    private static String found(Presence presence) {
        return switch (presence) {
            case HERE -> " found it active there";
            case ELSEWHERE -> " found it active elsewhere";
            default -> " could not find out whether it is active";
        };
    }

    /** What still keeps NEVER from being proved. */
    private static Optional<String> neverObstacle(ClusterRecord record, String group) {
        boolean isElection = false;
        TreeSet<NodeId> expected = new TreeSet<>();
        for (Session session : record.sessions().values()) {
            Candidacy candidacy = session.candidacies().get(group);
            if (candidacy != null) {
                isElection |= candidacy.isElection();
                expected.addAll(candidacy.preferred());
                if (candidacy.presence() != Presence.ABSENT) {
                    return Optional.of(session.incarnation().node() + found(candidacy.presence())
                            + ", and it was never started by this cluster"
                            + (candidacy.whyNot().isEmpty() ? "" : ": " + candidacy.whyNot()));
                }
            }
        }
        if (isElection) {
            return Optional.empty();
        }
        for (NodeId node : expected) {
            Session session = record.sessions().get(node);
            if (session == null || !session.candidacies().containsKey(group)) {
                return Optional.of(
                        "before its first start every preferred node must have looked whether it is active: waiting for "
                                + node + " to register it");
            }
        }
        for (AcceptorId acceptor : record.acceptors()) {
            if (!record.sessions().containsKey(acceptor.node())) {
                return Optional.of("before its first start every peer must be there: waiting for " + acceptor.node());
            }
        }
        return Optional.empty();
    }

    private static final class Work {
        private final ClusterRecord base;
        private final Facts facts;
        private final TreeMap<NodeId, Session> sessions;
        private final TreeMap<NodeId, Long> incarnations;
        private final List<SessionEnd> ends;
        private final TreeMap<String, GroupRecord> groups;
        private final TreeSet<NodeId> standby;
        private final TreeSet<Target> maintenance;
        private final TreeSet<Incarnation> superseded = new TreeSet<>();
        private final List<OperatorWord> words;
        private final List<Notice> notices = new ArrayList<>();
        private long lastToken;
        private @Nullable RoomBook room;
        private Board board;
        private Placing placing;
        /** What no group may be placed on, because a plan before this one did and took it back. */
        private final SortedMap<String, TreeSet<NodeId>> barred;
        /** Moves asked for that this plan heeds. */
        private final List<String> begun = new ArrayList<>();
        /** Those of them that it takes back: others follow one that was not to be. */
        private final TreeSet<String> undone = new TreeSet<>();
        /** Groups that this plan grants, as they were before. */
        private final TreeMap<Integer, GroupRecord> beforeGrants = new TreeMap<>();
        /** Those of them that it takes back, and where they were to run. */
        private final TreeMap<String, NodeId> takenBack = new TreeMap<>();

        private Work(ClusterRecord base, Facts facts, SortedMap<String, TreeSet<NodeId>> barred) {
            this.base = base;
            this.facts = facts;
            this.barred = barred;
            this.sessions = new TreeMap<>(base.sessions());
            this.incarnations = new TreeMap<>(base.incarnations());
            this.ends = new ArrayList<>(base.ends());
            this.groups = new TreeMap<>(base.groups());
            this.standby = new TreeSet<>(base.standby());
            this.maintenance = new TreeSet<>(base.maintenance());
            this.words = new ArrayList<>(base.words());
            this.lastToken = base.lastToken();
        }

        private Plan run() {
            Optional<Plan> step = stepVoters();
            if (step.isPresent()) {
                return step.get();
            }
            takeReleases();
            endSessions();
            proveLateDeaths();
            operate();
            clearFatal();
            admit();
            takeOffers();
            board = new Board(sessions, groups, standby, maintenance, this::isOut, facts.reachable());
            placing = new Placing(board, groups, notices, facts.steady(), facts.policies(), barred);
            takeMoves();
            placing.settleBefore();
            grant();
            placing.settle();
            findUndone();
            takeBack();
            pruneEnds();
            pruneElections();
            passBarriers();
            ClusterRecord planned = record(base.number());
            boolean isChange = !planned.equals(base);
            return isChange
                    ? new Plan(record(base.number() + 1), true, notices)
                    : VoterChange.begin(base, facts, notices).orElseGet(() -> new Plan(base, false, notices));
        }

        /** A change of the voters goes on alone, and only from a record that is known to be chosen. */
        private Optional<Plan> stepVoters() {
            return facts.isBaseChosen() ? VoterChange.step(base) : Optional.empty();
        }

        private ClusterRecord record(long number) {
            return base.withNumber(number)
                    .withSessions(sessions, incarnations, ends)
                    .withGroups(groups, lastToken)
                    .withOperators(standby, words)
                    .withMaintenance(maintenance);
        }

        private void takeReleases() {
            for (Map.Entry<String, Given> entry : facts.releases().entrySet()) {
                String name = entry.getKey();
                Given given = entry.getValue();
                GroupRecord group = groups.get(name);
                if (group == null) {
                    continue;
                }
                Optional<Grant> grant = group.grant()
                        .filter(Grant::stands)
                        .filter(g -> g.token() == given.token() && g.holder().equals(given.holder()));
                if (grant.isPresent()) {
                    GroupRecord released = group.withGrant(grant.get().endedBy(ProofKind.RELEASED));
                    boolean isFatal =
                            given.failure().filter(f -> f == Severity.FATAL).isPresent();
                    groups.put(name, isFatal ? released.withFatal(Sentence.shortened(given.why())) : released);
                    over(name, grant.get(), ProofKind.RELEASED, given.why());
                }
            }
        }

        private void endSessions() {
            for (Session session : base.sessions().values()) {
                Incarnation who = session.incarnation();
                List<String> gone = facts.wills().get(who);
                if (gone != null) {
                    proveDeath(who, gone);
                }
                if (gone != null && grantsOf(who).isEmpty()) {
                    end(session, ProofKind.DIED, gone);
                } else if (facts.leaves().contains(who) && grantsOf(who).isEmpty()) {
                    end(session, ProofKind.RELEASED, List.of());
                } else if (facts.silent().contains(who)) {
                    for (String name : grantsOf(who)) {
                        Grant grant = standing(name).orElseThrow();
                        if (grant.isExpirable()) {
                            groups.put(name, groups.get(name).withGrant(grant.endedBy(ProofKind.EXPIRED)));
                            over(name, grant, ProofKind.EXPIRED, "lease of " + who + " is over");
                        }
                    }
                    end(session, ProofKind.EXPIRED, gone == null ? List.of() : gone);
                }
            }
        }

        /** A last will may arrive after the session has ended by silence. */
        private void proveLateDeaths() {
            for (SessionEnd end : base.ends()) {
                List<String> gone = facts.wills().get(end.incarnation());
                if (gone != null && !base.isLive(end.incarnation())) {
                    proveDeath(end.incarnation(), gone);
                }
            }
        }

        private void proveDeath(Incarnation who, List<String> gone) {
            for (String name : grantsOf(who)) {
                Grant grant = standing(name).orElseThrow();
                if (gone.containsAll(grant.remains())) {
                    groups.put(name, groups.get(name).withGrant(grant.endedBy(ProofKind.DIED)));
                    over(name, grant, ProofKind.DIED, "last will of " + who);
                }
            }
        }

        /** Operators' switches and words. What changes the voters is {@link VoterChange}'s. */
        private void operate() {
            for (Operation operation : facts.operations()) {
                if (operationRefusal(base, operation).isPresent() || isRevoked(operation)) {
                    continue;
                }
                switch (operation.kind()) {
                    case STANDBY, DRAIN -> standby.add(operation.node());
                    case MAINTAIN -> {
                        Target target = operation.target().orElseThrow();
                        if (maintenance.add(target)) {
                            word(maintained(target), operation);
                        }
                    }
                    case RESUME -> maintenance.remove(operation.target().orElseThrow());
                    case ACTIVATE -> activate(operation.node());
                    case CONFIRM_DOWN -> confirmDown(operation);
                    case FORGET -> {
                        Target target = operation.target().orElseThrow();
                        if (!isOffered(target.name())) {
                            partsOf(base, target.name()).forEach(groups::remove);
                            word(forgotten(target), operation);
                        }
                    }
                    default -> {}
                }
            }
        }

        /** Whether an offer that this plan may take names the group: it would come back at once, as if nobody had ever had it. */
        private boolean isOffered(String group) {
            return facts.offers().values().stream()
                    .flatMap(offer -> offer.candidacies().keySet().stream())
                    .anyMatch(name -> Part.groupOf(name).equals(group));
        }

        /** A failure that kept a group from running anywhere is mended, an operator says. */
        private void clearFatal() {
            if (facts.cleared().isEmpty()) {
                return;
            }
            groups.replaceAll((name, group) -> facts.cleared().contains(Part.groupOf(name))
                            && !group.fatal().isEmpty()
                    ? group.withFatal("")
                    : group);
        }

        /** A drain takes its time, and may be called off meanwhile. */
        private boolean isRevoked(Operation operation) {
            return operation.kind() == Operation.Kind.DRAIN
                    && facts.operations().stream()
                            .anyMatch(other -> other.kind() == Operation.Kind.ACTIVATE
                                    && other.node().equals(operation.node()));
        }

        /** What has not left it yet stays. */
        private void activate(NodeId node) {
            if (standby.remove(node)) {
                groups.replaceAll((name, group) -> standing(name)
                                .filter(g -> g.holder().node().equals(node))
                                .isPresent()
                        ? group.withMoveTo(Optional.empty())
                        : group);
            }
        }

        /** An operator's word ends what a session left behind, once the session itself is over: it still waits out the lease. */
        private void confirmDown(Operation operation) {
            Incarnation who = operation.vouchedFor();
            List<String> left = grantsOf(who);
            Session session = sessions.get(who.node());
            if (left.isEmpty() || (session != null && session.incarnation().equals(who))) {
                return;
            }
            for (String name : left) {
                Grant grant = standing(name).orElseThrow();
                groups.put(name, groups.get(name).withGrant(grant.endedBy(ProofKind.OPERATOR)));
                over(name, grant, ProofKind.OPERATOR, operation.who() + ": " + operation.why());
            }
            word(who + " is down; it held " + Sentence.few(left), operation);
        }

        private void word(String what, Operation operation) {
            words.add(new OperatorWord(base.number() + 1, Sentence.shortened(what), operation.who(), operation.why()));
            while (words.size() > WORDS_KEPT) {
                words.remove(0);
            }
        }

        /**
         * A process that holds the lock of an earlier one's disk on the same kernel shows that the earlier one is gone; a machine that
         * was started again holds nothing of it. The newcomer says up to which incarnation it speaks of its predecessors, so that an old
         * request says nothing about a later session.
         */
        private void supersede(NodeId node, Admission join) {
            Session present = sessions.get(node);
            if (present != null
                    && present.joinNonce() != join.nonce()
                    && isOver(join, present.incarnation(), present.disk(), present.host())) {
                proveSuperseded(present.incarnation(), join.host().provesEndOfKernel(present.host()));
                superseded.add(present.incarnation());
                // What this does not prove gone must be waited out, and only a session that stands can be.
                if (grantsOf(present.incarnation()).isEmpty()) {
                    end(present, ProofKind.SUPERSEDED, List.of());
                }
            }
            for (SessionEnd end : ends) {
                if (end.incarnation().node().equals(node) && isOver(join, end.incarnation(), end.disk(), end.host())) {
                    proveSuperseded(end.incarnation(), join.host().provesEndOfKernel(end.host()));
                }
            }
        }

        private static boolean isOver(Admission join, Incarnation who, String disk, HostIdentity host) {
            return who.number() <= join.over()
                    && !disk.isEmpty()
                    && disk.equals(join.disk())
                    && (join.host().provesEndOfProcess(host) || join.host().provesEndOfKernel(host));
        }

        private void proveSuperseded(Incarnation who, boolean isKernelGone) {
            for (String name : grantsOf(who)) {
                Grant grant = standing(name).orElseThrow();
                boolean isGone =
                        grant.remains().stream().allMatch(thing -> isKernelGone && !thing.startsWith(EXTERNAL_PREFIX));
                if (isGone) {
                    groups.put(name, groups.get(name).withGrant(grant.endedBy(ProofKind.SUPERSEDED)));
                    over(
                            name,
                            grant,
                            ProofKind.SUPERSEDED,
                            isKernelGone
                                    ? "its machine was started again"
                                    : "its process ended: another holds the lock of its disk");
                }
            }
        }

        private void admit() {
            for (Map.Entry<NodeId, Admission> entry : facts.joins().entrySet()) {
                NodeId node = entry.getKey();
                Admission join = entry.getValue();
                supersede(node, join);
                Session present = sessions.get(node);
                if (present != null) {
                    if (present.joinNonce() != join.nonce()) {
                        notices.add(new Notice(
                                node.value(),
                                Reason.JOIN_WAITS,
                                "its session " + present.incarnation() + " is not proved over yet"));
                    }
                    continue;
                }
                long number = Math.max(incarnations.getOrDefault(node, 0L), ClusterRecord.floor(base.generation())) + 1;
                Incarnation incarnation = new Incarnation(node, number);
                incarnations.put(node, number);
                sessions.put(
                        node,
                        new Session(
                                incarnation,
                                join.nonce(),
                                join.disk(),
                                join.host(),
                                join.willKey(),
                                0,
                                new TreeMap<>()));
                notices.add(new Notice(incarnation.toString(), Reason.SESSION_ADMITTED, ""));
            }
        }

        /** What is named already is taken from whoever offers it; new names, then, while there is room. */
        private void takeOffers() {
            TreeMap<Incarnation, TreeMap<String, Candidacy>> taken = new TreeMap<>();
            for (Map.Entry<Incarnation, Offered> entry : facts.offers().entrySet()) {
                Session session = sessions.get(entry.getKey().node());
                Offered offer = entry.getValue();
                if (session != null && session.incarnation().equals(entry.getKey()) && isOpen(session, offer)) {
                    TreeMap<String, Candidacy> known = new TreeMap<>();
                    offer.candidacies().forEach((name, candidacy) -> {
                        if (groups.containsKey(name)) {
                            known.put(name, known(session, name, candidacy.withReasonCut()));
                        }
                    });
                    taken.put(entry.getKey(), known);
                }
            }
            taken.forEach((who, known) -> {
                Offered offer = facts.offers().get(who);
                TreeSet<String> outside = new TreeSet<>();
                known.forEach((name, candidacy) -> {
                    if (candidacy.whyNot().equals(NO_ROOM)) {
                        outside.add(name);
                    }
                });
                offer.candidacies().forEach((name, candidacy) -> {
                    Rules rules = offer.rules().getOrDefault(name, Rules.NONE);
                    boolean isIn =
                            known.containsKey(name) || groups.containsKey(name) || room().takes(name, candidacy, rules);
                    if (isIn) {
                        groups.putIfAbsent(name, GroupRecord.NEW.withRules(rules));
                        known.putIfAbsent(name, candidacy.withReasonCut());
                    } else {
                        outside.add(name);
                    }
                });
                if (!outside.isEmpty()) {
                    notices.add(new Notice(
                            who.node().value(),
                            Reason.RECORD_FULL,
                            "the cluster record has no room for " + Sentence.few(outside) + " of " + who
                                    + ": its names may need at most "
                                    + RecordRoom.MAX
                                    + " bytes; " + RecordRoom.REMEDY));
                }
            });
            claims().take(newClaims(taken.keySet()));
            taken.forEach((who, known) -> sessions.computeIfPresent(
                    who.node(),
                    (node, session) -> session.withOffer(facts.offers().get(who).version(), known)
                            .withCapacity(facts.offers().get(who).capacity())));
            taken.keySet().forEach(who -> facts.offers().get(who).rules().forEach(this::agree));
        }

        /** The first definition of a group stands until everybody who offers it agrees on another. */
        private void agree(String name, Rules rules) {
            GroupRecord group = groups.get(name);
            boolean isOther = group != null && group.rules().digest() != rules.digest();
            if (isOther && isAgreed(sessions.values(), name, rules.digest())) {
                if (room().takes(name, group.rules(), rules)) {
                    groups.put(name, group.withRules(rules));
                    notices.add(new Notice(name, Reason.RULES_CHANGED, "all who offer it agree"));
                } else {
                    notices.add(new Notice(
                            name, Reason.RECORD_FULL, "the cluster record has no room for its new placement rules"));
                }
            }
        }

        /** Claims are decided once: whoever was refused a name has heard it. */
        private TreeMap<NodeId, Claims> newClaims(Set<Incarnation> taken) {
            TreeMap<NodeId, Claims> claims = new TreeMap<>();
            for (Incarnation who : taken) {
                Offered offer = facts.offers().get(who);
                if (sessions.get(who.node()).offerVersion() < offer.version()) {
                    claims.put(who.node(), offer.claims());
                }
            }
            return claims;
        }

        private ClaimRule claims() {
            return new ClaimRule(base.sessions(), sessions, base.number() + 1, bytes -> room().takes(bytes));
        }

        private void passBarriers() {
            claims().pass();
        }

        /** Whether an offer is newer than what was taken over, or was taken over in part, for want of room. */
        private static boolean isOpen(Session session, Offered offer) {
            return session.offerVersion() < offer.version()
                    || session.offerVersion() == offer.version() && !session.hasAllOf(offer.candidacies());
        }

        /** Of what grows beyond the room there is, only the rest is taken: that the node has it, cannot start it, and what it found. */
        private Candidacy known(Session session, String name, Candidacy candidacy) {
            Candidacy before = session.candidacies().get(name);
            boolean isNoLarger = before == null
                    || RecordRoom.of(name, candidacy) <= RecordRoom.of(name, before)
                            && RecordRoom.of(candidacy.remains()) <= RecordRoom.of(before.remains());
            return isNoLarger || room().takes(name, candidacy, Rules.NONE)
                    ? candidacy
                    : before.withPresence(candidacy.presence(), "").withEligibility(false, NO_ROOM);
        }

        /** Counted only when somebody needs more: it is a look at the whole record. */
        private RoomBook room() {
            RoomBook present = room;
            if (present == null) {
                present = new RoomBook(record(base.number()));
                room = present;
            }
            return present;
        }

        private void takeMoves() {
            for (Map.Entry<String, NodeId> entry : facts.moves().entrySet()) {
                int group = board.number(entry.getKey());
                int to = board.nodeNumber(entry.getValue());
                Optional<Grant> grant = standing(entry.getKey());
                boolean isBack = grant.filter(g -> g.holder().node().equals(entry.getValue()))
                        .isPresent();
                if (isBack && group != Board.NONE) {
                    // Whoever wants it where it is wants no move that is under way.
                    placing.changed(group, board.state(group).withMoveTo(Optional.empty()));
                    continue;
                }
                if (group == Board.NONE
                        || to == Board.NONE
                        || grant.isEmpty()
                        || !board.isCandidate(group, to)
                        || board.isMaintained(group)
                        || !board.isAllowedFirst(group, to)) {
                    continue;
                }
                begun.add(entry.getKey());
                if (!board.state(group).moveTo().equals(Optional.of(entry.getValue()))) {
                    notices.add(new Notice(
                            entry.getKey(), Reason.MOVE_DECIDED, "to " + entry.getValue() + ": an operator asked"));
                }
                placing.changed(group, board.state(group).withMoveTo(Optional.of(entry.getValue())));
            }
            for (int group = 0; group < board.size(); group++) {
                Optional<NodeId> target = board.state(group).moveTo();
                if (target.isPresent() && !board.isCandidate(group, board.nodeNumber(target.get()))) {
                    placing.changed(group, board.state(group).withMoveTo(Optional.empty()));
                }
            }
        }

        private void grant() {
            // Whoever waits, waits for sessions: they do not change from here on.
            ClusterRecord soFar = record(base.number());
            Map<String, String> held = new TreeMap<>();
            groups.forEach((name, group) -> group.grant()
                    .filter(Grant::stands)
                    .ifPresent(grant -> grant.remains().forEach(thing -> held.put(thing, name))));
            for (int waiting : placing.waiting()) {
                String name = board.name(waiting);
                GroupRecord group = board.state(waiting);
                Optional<String> otherForm = Forms.obstacle(soFar, name);
                if (otherForm.isPresent()) {
                    notices.add(new Notice(name, Reason.GRANT_WAITS, otherForm.get()));
                    continue;
                }
                if (group.grant().isEmpty()) {
                    Optional<String> obstacle = neverObstacle(soFar, name);
                    if (obstacle.isPresent()) {
                        notices.add(new Notice(name, Reason.GRANT_WAITS, obstacle.get()));
                        continue;
                    }
                }
                Optional<String> rule = placing.obstacle(waiting);
                if (rule.isPresent()) {
                    notices.add(new Notice(name, Reason.GRANT_WAITS, rule.get()));
                    continue;
                }
                int chosen = placing.choose(waiting);
                if (chosen == Board.NONE) {
                    boolean isRoomMade = placing.makeRoom(
                            waiting,
                            offer ->
                                    holderOfTheSame(held, offer, holder -> true).isEmpty());
                    notices.add(new Notice(
                            name,
                            Reason.GRANT_WAITS,
                            barred.containsKey(name)
                                    ? LEAVING
                                    : isRoomMade ? "others make room for it" : Placing.noCandidate(board, waiting)));
                    continue;
                }
                ProofKind proof = group.grant().flatMap(Grant::over).orElse(ProofKind.NEVER);
                Session session = sessions.get(board.node(chosen));
                Candidacy candidacy = session.candidacies().get(name);
                Optional<String> rival =
                        holderOfTheSame(held, candidacy, holder -> !isUnder(holder, name, session.incarnation()));
                if (rival.isPresent()) {
                    notices.add(new Notice(name, Reason.GRANT_WAITS, rival.get()));
                    continue;
                }
                lastToken = Math.max(lastToken, facts.tokenFloor()) + 1;
                Grant grant = new Grant(
                        session.incarnation(),
                        lastToken,
                        proof,
                        Optional.empty(),
                        candidacy.isExpirable(),
                        candidacy.remains());
                beforeGrants.put(waiting, group);
                placing.changed(
                        waiting,
                        group.withGrant(grant).withMoveTo(Optional.empty()).withHeld(""));
                grant.remains().forEach(thing -> held.put(thing, name));
                notices.add(new Notice(
                        name,
                        Reason.GRANT_MADE,
                        "to " + session.incarnation() + " token " + lastToken + " proof " + proof));
            }
        }

        /** Whoever asked for them is told once his time is over; whatever followed them would have had to come back. */
        private void findUndone() {
            for (String name : begun) {
                Optional<NodeId> to = Optional.of(facts.moves().get(name));
                boolean isThere =
                        standing(name).map(grant -> grant.holder().node()).equals(to);
                if (!isThere && !groups.get(name).moveTo().equals(to)) {
                    undone.add(name);
                }
            }
        }

        /**
         * What this plan grants and tells to stop or to move at once, because something that it goes with stays elsewhere or stops after all, is
         * not granted. Whatever follows it was told so as well.
         */
        private void takeBack() {
            long last = base.lastToken();
            for (Map.Entry<Integer, GroupRecord> granted : beforeGrants.entrySet()) {
                int group = granted.getKey();
                Grant grant = board.state(group).grant().orElseThrow();
                if (board.isToStop(group)) {
                    String name = board.name(group);
                    String why = board.state(group).held();
                    takenBack.put(name, grant.holder().node());
                    placing.changed(group, granted.getValue());
                    notices.removeIf(notice -> notice.subject().equals(name) && OF_A_GRANT.contains(notice.reason()));
                    notices.add(new Notice(name, Reason.GRANT_WAITS, why.isEmpty() ? LEAVING : why));
                } else {
                    last = Math.max(last, grant.token());
                }
            }
            lastToken = last;
        }

        private boolean isTakenBack() {
            return !undone.isEmpty() || !takenBack.isEmpty();
        }

        /** One thing on a host, an address for example, belongs to one group: two grants for it would be two owners. */
        private Optional<String> holderOfTheSame(
                Map<String, String> held, Candidacy candidacy, Predicate<String> isRival) {
            return candidacy.remains().stream()
                    .filter(thing -> held.containsKey(thing) && isRival.test(held.get(thing)))
                    .findFirst()
                    .map(thing -> thing + " is held by group " + Part.title(held.get(thing)) + " on "
                            + standing(held.get(thing)).orElseThrow().holder() + "; give each group its own");
        }

        /** Whether it is a copy on that node and what is to be promoted there is this copy: what it leaves on the host is one thing. */
        private boolean isUnder(String copy, String promoted, Incarnation who) {
            return Part.roleOf(promoted) == Role.PROMOTED
                    && Part.roleOf(copy) == Role.COPY
                    && Part.groupOf(copy).equals(Part.groupOf(promoted))
                    && standing(copy).filter(g -> g.holder().equals(who)).isPresent();
        }

        /** A session whose process is known to have ended may stand a while longer, but is granted nothing. */
        private boolean isOut(Session session) {
            return facts.leaves().contains(session.incarnation())
                    || facts.wills().containsKey(session.incarnation())
                    || superseded.contains(session.incarnation());
        }

        private Optional<Grant> standing(String name) {
            return Optional.ofNullable(groups.get(name))
                    .flatMap(GroupRecord::grant)
                    .filter(Grant::stands);
        }

        /** Names of the groups that stand granted to this incarnation. */
        private List<String> grantsOf(Incarnation who) {
            List<String> held = new ArrayList<>();
            for (String name : groups.keySet()) {
                if (standing(name).filter(g -> g.holder().equals(who)).isPresent()) {
                    held.add(name);
                }
            }
            return held;
        }

        private void end(Session session, ProofKind proof, List<String> gone) {
            sessions.remove(session.incarnation().node());
            ends.add(new SessionEnd(
                    session.incarnation(), proof, session.willKey(), gone, session.disk(), session.host()));
            notices.add(new Notice(session.incarnation().toString(), Reason.SESSION_ENDED, proof.toString()));
        }

        private void over(String name, Grant grant, ProofKind proof, String why) {
            notices.add(new Notice(
                    name, Reason.GRANT_OVER, grant.holder() + " token " + grant.token() + " " + proof + ": " + why));
        }

        /** Elections come and go by name: one that nobody offers and nobody holds is forgotten. Tokens go on growing. */
        private void pruneElections() {
            groups.entrySet()
                    .removeIf(e -> e.getKey().startsWith(ELECTION_PREFIX)
                            && standing(e.getKey()).isEmpty()
                            && sessions.values().stream()
                                    .noneMatch(s -> s.candidacies().containsKey(e.getKey())));
        }

        /** Keeps the newest ends, and those whose last will could still prove something. */
        private void pruneEnds() {
            int surplus = ends.size() - ENDS_KEPT;
            for (int i = 0; i < ends.size() && surplus > 0; ) {
                if (grantsOf(ends.get(i).incarnation()).isEmpty()) {
                    ends.remove(i);
                    surplus--;
                } else {
                    i++;
                }
            }
        }
    }
}
