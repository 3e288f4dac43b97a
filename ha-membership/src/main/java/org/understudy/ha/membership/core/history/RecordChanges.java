package org.understudy.ha.membership.core.history;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Decision.Kind;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Target;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.OperatorWord;
import org.understudy.ha.membership.core.record.Sentence;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.SessionEnd;
import org.understudy.ha.membership.core.record.Standing;
import org.understudy.ha.membership.core.record.Voters;
import org.understudy.ha.membership.core.recovery.LadderSteps;

/**
 * What one record decides beside another. What the groups may do comes last: the sentences before say who came and who is gone.
 */
public final class RecordChanges {

    private final ClusterRecord before;
    private final ClusterRecord after;
    private final Reasons reasons;
    /** Behind a reason that another node had. */
    private final String behind;
    /** Instead of one that is not known. */
    private final String elsewhere;

    private final List<Draft> found = new ArrayList<>();

    private RecordChanges(ClusterRecord before, ClusterRecord after, Reasons reasons, String behind, String elsewhere) {
        this.before = before;
        this.after = after;
        this.reasons = reasons;
        this.behind = behind;
        this.elsewhere = elsewhere;
    }

    /**
     * @param before what was known until now; records between the two may have been missed
     * @param notices what the planner said when it made {@code after}; empty if somebody else did
     */
    public static List<Draft> between(ClusterRecord before, ClusterRecord after, List<Notice> notices) {
        return new RecordChanges(before, after, Reasons.of(notices), "", "").all();
    }

    /**
     * As {@link #between(ClusterRecord, ClusterRecord, List)} where another node decided: it is named, because the record does not say why.
     *
     * @param decider the node that proposed {@code after}
     * @param heard why, if it was heard to say so; used only if no record between the two was missed
     */
    public static List<Draft> between(
            ClusterRecord before, ClusterRecord after, String decider, Optional<Reasons> heard) {
        if (decider.isEmpty() || after.number() != before.number() + 1) {
            return new RecordChanges(before, after, Reasons.NONE, "", "").all();
        }
        String who = "decided by " + decider;
        boolean isAllHeard = heard.filter(Reasons::isWhole).isPresent();
        return new RecordChanges(
                        before,
                        after,
                        heard.orElse(Reasons.NONE),
                        "; " + who,
                        isAllHeard ? "" : who + Reasons.ELSEWHERE)
                .all();
    }

    /** What a record says to somebody who knows nothing: who is there, who is on standby, and who owns what. */
    public static List<Draft> all(ClusterRecord record) {
        ClusterRecord nothing = ClusterRecord.first(record.cluster(), List.of())
                .withVoters(record.voters())
                .withGeneration(record.generation())
                .withOperators(new TreeSet<>(), record.words())
                .withNumber(record.number());
        return between(nothing, record, List.of());
    }

    private List<Draft> all() {
        if (after.generation() != before.generation()) {
            add(Draft.plain(Kind.FORCED, after.cluster(), "generation " + after.generation(), after.number()));
        }
        if (!after.voters().equals(before.voters())) {
            add(Draft.plain(Kind.VOTERS, after.cluster(), votes(after.voters()), after.number()));
        }
        sessions();
        names();
        barriers();
        operators();
        after.groups().forEach(this::group);
        before.groups().keySet().forEach(this::forgotten);
        return found;
    }

    private void add(Draft draft) {
        found.add(draft);
    }

    private static String votes(Voters voters) {
        return voters.phase() == Voters.Phase.SETTLED
                ? "they are now " + voters.set()
                : "from " + voters.set() + " to " + voters.other() + ", " + voters.phase();
    }

    private void sessions() {
        for (Session session : before.sessions().values()) {
            Incarnation gone = session.incarnation();
            if (!after.isLive(gone)) {
                add(new Draft(
                        Kind.LEFT,
                        gone.node().value(),
                        Optional.of(gone),
                        Optional.empty(),
                        Optional.empty(),
                        after.endOf(gone).map(SessionEnd::proof),
                        "",
                        after.number()));
            }
        }
        for (Session session : after.sessions().values()) {
            Incarnation come = session.incarnation();
            if (!before.isLive(come)) {
                add(new Draft(
                        Kind.JOINED,
                        come.node().value(),
                        Optional.empty(),
                        Optional.of(come),
                        Optional.empty(),
                        Optional.empty(),
                        "",
                        after.number()));
            }
        }
    }

    private void names() {
        for (Session session : before.sessions().values()) {
            TreeSet<String> gone = new TreeSet<>(session.holdings().names().keySet());
            gone.removeAll(namesOf(after, session.incarnation()));
            if (!gone.isEmpty()) {
                add(named(Kind.UNNAMED, session.incarnation(), gone));
            }
        }
        for (Session session : after.sessions().values()) {
            TreeSet<String> come = new TreeSet<>(session.holdings().names().keySet());
            come.removeAll(namesOf(before, session.incarnation()));
            if (!come.isEmpty()) {
                add(named(Kind.NAMED, session.incarnation(), come));
            }
        }
    }

    private static Collection<String> namesOf(ClusterRecord record, Incarnation who) {
        return record.isLive(who)
                ? record.sessions().get(who.node()).holdings().names().keySet()
                : List.of();
    }

    private Draft named(Kind kind, Incarnation owner, TreeSet<String> names) {
        Optional<Incarnation> who = Optional.of(owner);
        boolean isCome = kind == Kind.NAMED;
        return new Draft(
                kind,
                owner.node().value(),
                isCome ? Optional.empty() : who,
                isCome ? who : Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Sentence.shortened(String.join(", ", names)),
                after.number());
    }

    /** What is the same for all members of a barrier, and who they are. */
    private record Members(Standing standing, List<Incarnation> who) {}

    private void barriers() {
        Map<String, Members> were = barriersOf(before);
        Map<String, Members> are = barriersOf(after);
        were.forEach((name, members) -> {
            if (!are.containsKey(name)) {
                add(Draft.plain(Kind.MEMBERS, title(name), "nobody", after.number()));
            }
        });
        are.forEach((name, members) -> {
            Members old = were.get(name);
            if (old != null && members.standing().passed() > old.standing().passed()) {
                add(Draft.plain(
                        Kind.PASSED, title(name), "" + members.standing().passed(), after.number()));
            }
            if (old == null || members.standing().view() != old.standing().view()) {
                add(Draft.plain(
                        Kind.MEMBERS,
                        title(name),
                        Sentence.shortened(members.who().toString()),
                        after.number()));
            }
        });
    }

    private static Map<String, Members> barriersOf(ClusterRecord record) {
        Map<String, Members> barriers = new TreeMap<>();
        for (Session session : record.sessions().values()) {
            session.holdings()
                    .standings()
                    .forEach((name, standing) -> barriers.computeIfAbsent(
                                    name, n -> new Members(standing, new ArrayList<>()))
                            .who()
                            .add(session.incarnation()));
        }
        return barriers;
    }

    private static String title(String barrier) {
        return LadderSteps.isLadder(barrier) ? "the recovery ladder" : "barrier " + barrier;
    }

    /** Elections come and go without a word. */
    private void forgotten(String name) {
        if (!after.groups().containsKey(name) && !name.startsWith(Planner.ELECTION_PREFIX)) {
            String said = after.words().stream()
                    .filter(word -> !before.words().contains(word))
                    .filter(word -> word.what().startsWith(Target.group(Part.groupOf(name)) + " "))
                    .map(word -> "by " + word.who() + ": " + word.why())
                    .findFirst()
                    .orElse("");
            add(Draft.plain(Kind.FORGOTTEN, name, said, after.number()));
        }
    }

    private void operators() {
        for (NodeId node : after.standby()) {
            if (!before.standby().contains(node)) {
                add(Draft.plain(Kind.STANDBY, node.value(), "", after.number()));
            }
        }
        for (NodeId node : before.standby()) {
            if (!after.standby().contains(node)) {
                add(Draft.plain(Kind.ACTIVATED, node.value(), "", after.number()));
            }
        }
        for (Target target : after.maintenance()) {
            if (!before.maintenance().contains(target)) {
                add(Draft.plain(Kind.MAINTAINED, target.toString(), "", after.number()));
            }
        }
        for (Target target : before.maintenance()) {
            if (!after.maintenance().contains(target)) {
                add(Draft.plain(Kind.RESUMED, target.toString(), "", after.number()));
            }
        }
        for (OperatorWord word : after.words()) {
            if (!before.words().contains(word)) {
                add(Draft.plain(
                        Kind.VOUCHED,
                        after.cluster(),
                        word.what() + ", by " + word.who() + ": " + word.why(),
                        after.number()));
            }
        }
    }

    private String reason(String said) {
        return said.isEmpty() ? "" : said + behind;
    }

    private void group(String name, GroupRecord now) {
        GroupRecord then = before.groups().getOrDefault(name, GroupRecord.NEW);
        String reason = reason(reasons.about(name).grant());
        Optional<Grant> old = then.grant();
        Optional<Grant> grant = now.grant();
        boolean isNew = grant.isPresent() && !grant.map(Grant::token).equals(old.map(Grant::token));
        if (isNew) {
            add(about(
                    Kind.GRANTED,
                    name,
                    old.map(Grant::holder),
                    grant.map(Grant::holder),
                    grant.get(),
                    Optional.of(grant.get().proof()),
                    reason));
        }
        if (grant.flatMap(Grant::over).isPresent()
                && (isNew || old.flatMap(Grant::over).isEmpty())) {
            add(about(
                    Kind.ENDED,
                    name,
                    grant.map(Grant::holder),
                    Optional.empty(),
                    grant.get(),
                    grant.get().over(),
                    isNew ? "" : reason));
        }
        if (!now.moveTo().equals(then.moveTo())) {
            move(name, now, isNew);
        }
        // Without a grant it is kept back by what it waits for, and a new one says that it is not any more.
        boolean isOverAnyway =
                now.held().isEmpty() && (isNew || grant.filter(Grant::stands).isEmpty());
        if (!now.held().equals(then.held()) && !isOverAnyway) {
            add(Draft.plain(Kind.HELD, name, now.held(), after.number()));
        }
        if (!now.fatal().equals(then.fatal())) {
            Kind kind = now.fatal().isEmpty() ? Kind.ALLOWED : Kind.FORBIDDEN;
            add(Draft.plain(kind, name, now.fatal(), after.number()));
        }
    }

    private void move(String name, GroupRecord now, boolean isGrantedAnew) {
        Optional<Incarnation> holder = now.grant().map(Grant::holder);
        if (now.moveTo().isPresent() && now.grant().isPresent()) {
            Optional<Incarnation> target =
                    now.moveTo().map(node -> after.sessions().get(node)).map(Session::incarnation);
            String why = reason(reasons.about(name).move());
            add(about(Kind.MOVE_WANTED, name, holder, target, now.grant().get(), Optional.empty(), why));
        } else if (now.moveTo().isEmpty() && now.grant().isPresent() && !isGrantedAnew) {
            add(about(
                    Kind.MOVE_DROPPED,
                    name,
                    holder,
                    Optional.empty(),
                    now.grant().get(),
                    Optional.empty(),
                    ""));
        }
    }

    private Draft about(
            Kind kind,
            String name,
            Optional<Incarnation> from,
            Optional<Incarnation> to,
            Grant grant,
            Optional<ProofKind> proof,
            String reason) {
        boolean isSaid =
                !reason.isEmpty() || proof.filter(ProofKind.NEVER::equals).isPresent();
        return new Draft(
                kind,
                name,
                from,
                to,
                Optional.of(new FencingToken(grant.token())),
                proof,
                isSaid ? reason : elsewhere,
                after.number());
    }
}
