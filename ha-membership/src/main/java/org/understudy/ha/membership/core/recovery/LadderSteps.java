package org.understudy.ha.membership.core.recovery;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.Recovery.Step;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Rung;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.Standing;

/** How far a node is on the ladder, for people. Pure. */
public final class LadderSteps {

    private static final String NOT_IN_THE_RECORD = "rungs";

    /** What the core's rungs are called; no user's rung may be. */
    public static final List<String> CORE =
            List.of("links", "session", "quorum", "proofs", NOT_IN_THE_RECORD, "running");

    private LadderSteps() {}

    /** Whether a barrier of the record is the ladder; no user's barrier is called so. */
    public static boolean isLadder(String barrier) {
        return barrier.equals(Ladder.BARRIER);
    }

    /**
     * What a node knows of itself.
     *
     * @param record the newest known to be chosen
     * @param self the present incarnation, if it has a session
     * @param why what the state waits for
     * @param reachable who can be reached, a hint
     * @param hasRungs whether it has hung any
     */
    public record Situation(
            Optional<ClusterRecord> record,
            Optional<Incarnation> self,
            NodeState state,
            String why,
            List<NodeId> reachable,
            boolean hasRungs) {
        public Situation {
            reachable = List.copyOf(reachable);
        }
    }

    /** All steps, lowest first; above the first that waits none counts as climbed, and what they would wait for is not said. */
    public static List<Step> of(Situation now) {
        List<Step> steps = new ArrayList<>();
        boolean isActive = now.state() == NodeState.ACTIVE;
        add(steps, "links", isActive ? Optional.empty() : linksWaitFor(now));
        add(steps, "session", now.self().isPresent() ? Optional.empty() : Optional.of(now.why()));
        add(steps, "quorum", isActive ? Optional.empty() : Optional.of(now.why()));
        add(steps, "proofs", now.record().flatMap(CoreRungs::proofsWaitFor));
        users(steps, now);
        add(steps, "running", Optional.empty());
        return steps;
    }

    private static Optional<String> linksWaitFor(Situation now) {
        if (now.record().isEmpty()) {
            return now.reachable().size() > 1 ? Optional.empty() : Optional.of(now.why());
        }
        TreeSet<NodeId> missing = new TreeSet<>();
        TreeSet<AcceptorId> reached = new TreeSet<>();
        for (AcceptorId acceptor : now.record().get().voters().all()) {
            if (now.reachable().contains(acceptor.node())) {
                reached.add(acceptor);
            } else {
                missing.add(acceptor.node());
            }
        }
        return now.record().get().voters().isQuorum(reached)
                ? Optional.empty()
                : Optional.of("no majority of the votes is reached; missing are " + missing);
    }

    private static void users(List<Step> steps, Situation now) {
        Optional<Standing> standing = now.record()
                .flatMap(record -> now.self().flatMap(me -> BarrierDesk.standing(record, me, Ladder.BARRIER)));
        if (standing.isEmpty()) {
            if (now.hasRungs()) {
                add(steps, NOT_IN_THE_RECORD, Optional.of("this node's rungs are not in the cluster record yet"));
            }
            return;
        }
        List<Rung> sequence = Ladder.sequence(now.record().orElseThrow());
        for (int i = 0; i < sequence.size(); i++) {
            boolean isPassed = i < standing.get().passes();
            add(
                    steps,
                    sequence.get(i).name(),
                    isPassed
                            ? Optional.empty()
                            : Optional.of(waitsFor(now.record().get())));
        }
    }

    /** Every member that has not entered, with its trouble if it has said one. */
    private static String waitsFor(ClusterRecord record) {
        List<String> members = new ArrayList<>();
        for (Session session : record.sessions().values()) {
            Standing standing = session.holdings().standings().get(Ladder.BARRIER);
            if (standing != null && !standing.hasEntered()) {
                String trouble = standing.claim().trouble();
                members.add(session.incarnation() + (trouble.isEmpty() ? "" : " (" + trouble + ")"));
            }
        }
        return members.isEmpty() ? "the next record" : "waits for " + String.join(", ", members);
    }

    /** Why members do not go on, by member. */
    public static Map<Incarnation, String> troubles(ClusterRecord record) {
        TreeMap<Incarnation, String> troubles = new TreeMap<>();
        for (Session session : record.sessions().values()) {
            Optional.ofNullable(session.holdings().standings().get(Ladder.BARRIER))
                    .map(standing -> standing.claim().trouble())
                    .filter(trouble -> !trouble.isEmpty())
                    .ifPresent(trouble -> troubles.put(session.incarnation(), trouble));
        }
        return troubles;
    }

    private static void add(List<Step> steps, String rung, Optional<String> waitsFor) {
        boolean isBelowClimbed = steps.stream().allMatch(Step::isClimbed);
        String said = isBelowClimbed ? waitsFor.orElse("") : "";
        steps.add(new Step(rung, isBelowClimbed && waitsFor.isEmpty(), said));
    }
}
