package org.understudy.ha.membership.core.history;

import java.util.ArrayList;
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
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.OperatorWord;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.SessionEnd;
import org.understudy.ha.membership.core.record.Voters;

/**
 * What one record decides beside another. What the groups may do comes last: the sentences before say who came and who is gone.
 */
public final class RecordChanges {

    private final ClusterRecord before;
    private final ClusterRecord after;
    private final Map<String, String> reasons = new TreeMap<>();
    private final List<Draft> found = new ArrayList<>();

    private RecordChanges(ClusterRecord before, ClusterRecord after, List<Notice> notices) {
        this.before = before;
        this.after = after;
        for (Notice notice : notices) {
            String detail = beyondTheSentence(notice);
            if (!detail.isEmpty()) {
                reasons.merge(notice.subject(), detail, (a, b) -> a + "; " + b);
            }
        }
    }

    /** Who, which token and which proof are said anyway. */
    private static String beyondTheSentence(Notice notice) {
        if (notice.reason() != Reason.GRANT_MADE && notice.reason() != Reason.GRANT_OVER) {
            return notice.detail();
        }
        int colon = notice.detail().indexOf(": ");
        return colon < 0 ? "" : notice.detail().substring(colon + 2);
    }

    /**
     * @param before what was known until now; records between the two may have been missed
     * @param notices what the planner said when it made {@code after}; empty if somebody else did
     */
    public static List<Draft> between(ClusterRecord before, ClusterRecord after, List<Notice> notices) {
        return new RecordChanges(before, after, notices).all();
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
        operators();
        after.groups().forEach(this::group);
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

    private void group(String name, GroupRecord now) {
        GroupRecord then = before.groups().getOrDefault(name, GroupRecord.NEW);
        String reason = reasons.getOrDefault(name, "");
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
        if (!now.held().equals(then.held())) {
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
            add(about(Kind.MOVE_WANTED, name, holder, target, now.grant().get(), Optional.empty(), ""));
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
        return new Draft(
                kind, name, from, to, Optional.of(new FencingToken(grant.token())), proof, reason, after.number());
    }
}
