package org.understudy.ha.membership.core.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import org.understudy.ha.api.Advisor.Candidate;
import org.understudy.ha.api.Advisor.Explanation;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Failback;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;

/** Says why a group is where it is. A pure function of the record; reads the same board as the planner. */
public final class Advice {

    /**
     * What is known beside the record.
     *
     * @param before who held the group before, if this process saw that
     * @param reason why the grant under this token was made, if this node's history tells it
     * @param there how its holder says that it is
     * @param isWitness whether a node owns nothing by its configuration
     */
    public record Beside(
            Optional<Incarnation> before,
            LongFunction<Optional<String>> reason,
            Optional<GroupStatus.State> there,
            Predicate<NodeId> isWitness) {

        public static final Beside NOTHING =
                new Beside(Optional.empty(), token -> Optional.empty(), Optional.empty(), node -> false);

        /** Whether its holder has said that it stops it, or cannot. */
        private boolean isEnding() {
            return isBlocked()
                    || there.filter(GroupStatus.State.STOPPING::equals).isPresent();
        }

        private boolean isBlocked() {
            return there.filter(GroupStatus.State.BLOCKED::equals).isPresent();
        }
    }

    private final ClusterRecord record;
    private final Board board;
    private final String group;
    private final int number;
    private final Beside beside;

    private Advice(ClusterRecord record, String group, Beside beside) {
        this.record = record;
        this.beside = beside;
        this.board = Board.of(record);
        this.group = group;
        this.number = board.number(group);
    }

    /**
     * Why it is where it is.
     *
     * @param group one that the record knows
     */
    public static Explanation explain(ClusterRecord record, String group, Beside beside) {
        Advice advice = new Advice(record, group, beside);
        return advice.with(
                advice.isLive() ? advice.whyHere() : Part.title(group) + " runs nowhere: " + advice.whyNowhere());
    }

    /** Why it is not on a node. */
    public static Explanation whyNot(ClusterRecord record, String group, NodeId node, Beside beside) {
        Advice advice = new Advice(record, group, beside);
        return advice.with(advice.whyNot(node));
    }

    private Explanation with(String sentence) {
        List<Candidate> candidates = new ArrayList<>();
        for (int n : board.present()) {
            Optional<String> why = against(n).map(reason -> Board.withoutNode(board.node(n), reason));
            candidates.add(new Candidate(board.node(n), why.isEmpty(), why.orElse(""), score(n)));
        }
        Optional<Grant> grant = grant();
        List<String> all = new ArrayList<>(List.of(sentence));
        all.addAll(Oddities.of(record, group));
        Oddities.copiesLeftOver(record, group).ifPresent(all::add);
        return new Explanation(
                group, String.join("; ", all), grant.map(Grant::holder), grant.map(Grant::proof), candidates);
    }

    /** All that keeps it from running on a node, one sentence without an end; empty if nothing does. */
    private Optional<String> against(int node) {
        if (!board.state(number).fatal().isEmpty()) {
            return Optional.of("it " + whyNowhere());
        }
        if (isLive() && beside.isBlocked()) {
            return Optional.of(holder(grant())
                    + " could not stop it and may still run it: nobody else may start it before that has ended");
        }
        boolean isWitness =
                board.offer(number, node) == null && beside.isWitness().test(board.node(node));
        if (isWitness) {
            return Optional.of(board.node(node) + " is a witness, which votes and owns nothing");
        }
        return board.whyNot(number, node)
                .map(why -> why
                        + Placing.wouldMakeRoom(board, number, node)
                                .map(who -> "; " + who)
                                .orElse(""));
    }

    /** How the copy on a node scores for the promoted role. */
    private OptionalLong score(int node) {
        Candidacy offer = Part.roleOf(group) == Role.PROMOTED ? board.offer(number, node) : null;
        return offer == null || !offer.isEligible() ? OptionalLong.empty() : OptionalLong.of(offer.priority());
    }

    private String title() {
        return Part.title(group);
    }

    private Optional<Grant> grant() {
        return record.grant(group).filter(Grant::stands);
    }

    private boolean isLive() {
        return grant().filter(g -> record.isLive(g.holder())).isPresent();
    }

    private String whyNowhere() {
        return Planner.whyUnowned(record, group);
    }

    private String whyHere() {
        Grant grant = grant().orElseThrow();
        NodeId here = grant.holder().node();
        List<String> parts = new ArrayList<>();
        parts.add(title() + " is on " + here + " under token " + grant.token() + ": "
                + proof(grant.proof(), beside.before())
                + beside.reason()
                        .apply(grant.token())
                        .map(why -> ", reason: " + why)
                        .orElse(""));
        GroupRecord state = board.state(number);
        String policy = state.rules().placement().policy();
        if (policy.isEmpty()) {
            preferredBefore(here).forEach(node -> parts.add(whyNotThere(node)));
        } else {
            parts.add("policy " + policy + " orders its nodes");
        }
        state.moveTo()
                .filter(to -> !to.equals(here))
                .ifPresent(to ->
                        parts.add((isByOperator() ? "an operator asked it to move to " : "it is asked to move to ")
                                + to
                                + (beside.isEnding() || !state.held().isEmpty()
                                        ? ""
                                        : ", and runs here until that has made ready for it")));
        if (!state.held().isEmpty()) {
            parts.add("it is about to stop: " + state.held());
        }
        if (board.isMaintained(number)) {
            parts.add("an operator has it in maintenance");
        }
        whoseScoreIsHigher(here).ifPresent(parts::add);
        if (board.isToStop(number) && board.isNeeded(number)) {
            parts.add("it waits for what runs only while it does to stop first");
        }
        return String.join("; ", parts);
    }

    /** Of a promoted role: who would be promoted if that were decided now. It may not have been up when it was. */
    private Optional<String> whoseScoreIsHigher(NodeId here) {
        long highest = score(board.nodeNumber(here)).orElse(Long.MAX_VALUE);
        long own = highest;
        Optional<NodeId> best = Optional.empty();
        for (int n : board.present()) {
            long score = score(n).orElse(Long.MIN_VALUE);
            if (score > highest && board.whyNot(number, n).isEmpty()) {
                highest = score;
                best = Optional.of(board.node(n));
            }
        }
        String scores = highest + ", here " + own;
        return best.map(node -> "the score of " + node + " is higher now (" + scores
                + "); it may not have been up when this was decided, and nothing moves by itself");
    }

    /** Whether nothing but an operator can have asked it to move: the record does not say who did. */
    private boolean isByOperator() {
        return board.links(number) == null
                && !board.isOnStandby(board.holder(number))
                && board.state(number).rules().placement().failback().mode() != Failback.Mode.WHEN_STABLE;
    }

    private List<NodeId> preferredBefore(NodeId here) {
        Candidacy offer = board.offer(number, board.nodeNumber(here));
        List<NodeId> preferred = offer == null ? List.of() : offer.preferred();
        int rank = preferred.indexOf(here);
        return preferred.subList(0, rank < 0 ? preferred.size() : rank).stream()
                .filter(node -> !isOtherCopyOn(node))
                .toList();
    }

    private boolean isOtherCopyOn(NodeId node) {
        if (Part.roleOf(group) != Role.COPY) {
            return false;
        }
        int n = board.nodeNumber(node);
        for (int other = 0; other < board.size(); other++) {
            boolean isCopy = other != number
                    && Part.roleOf(board.name(other)) == Role.COPY
                    && Part.groupOf(board.name(other)).equals(Part.groupOf(group));
            if (isCopy && n != Board.NONE && board.holder(other) == n) {
                return true;
            }
        }
        return false;
    }

    private String whyNotThere(NodeId node) {
        int there = board.nodeNumber(node);
        Optional<String> why = there == Board.NONE ? Optional.of(node + " is not in the cluster now") : against(there);
        Failback.Mode failback =
                board.state(number).rules().placement().failback().mode();
        return "it prefers " + node
                + why.map(reason -> ", but " + Board.withoutNode(node, reason))
                        .orElse(
                                switch (failback) {
                                    case MANUAL -> ", which could run it again: " + howToBringIt(node);
                                    case NEVER -> ", and never goes back there by itself";
                                    case WHEN_STABLE -> ", which has not been well for long enough yet to go back";
                                });
    }

    private String howToBringIt(NodeId node) {
        if (Part.roleOf(group) == Role.COPY) {
            return "a copy is not moved, and nothing moves back by itself; put the node where it is on standby for a while";
        }
        if (board.isMaintained(number)) {
            return "move it there once its maintenance has ended";
        }
        return Planner.moveRefusal(record, group, node)
                .map(why -> "nothing moves back by itself, and it cannot be moved there now: " + why)
                .orElse("move it there, nothing moves back by itself");
    }

    private String whyNot(NodeId node) {
        Optional<Grant> grant = grant();
        if (!board.state(number).fatal().isEmpty() && grant.isEmpty()) {
            return title() + " " + whyNowhere();
        }
        if (grant.filter(g -> g.holder().node().equals(node)).isPresent()) {
            return title() + " is on " + node;
        }
        int there = board.nodeNumber(node);
        if (there == Board.NONE || board.session(there) == null) {
            return node + " is not in the cluster now";
        }
        Optional<String> why = against(there);
        if (why.isPresent()) {
            return why.get();
        }
        if (grant.isPresent()) {
            boolean isLeaving = beside.isEnding() || board.isToStop(number);
            return node + " could run " + title()
                    + (isLeaving
                            ? ", which has not left " + holder(grant) + " yet"
                            : ", which stays on " + holder(grant) + " because nothing makes it move");
        }
        return node + " could run " + title() + ": " + whyNowhere();
    }

    private static NodeId holder(Optional<Grant> grant) {
        return grant.orElseThrow().holder().node();
    }

    /** What the proof was, in words. */
    static String proof(ProofKind proof, Optional<Incarnation> before) {
        String who = before.map(Incarnation::toString).orElse("its last owner");
        return switch (proof) {
            case NEVER -> "it had never run before, and every node had looked";
            case RELEASED -> who + " stopped it and said so (RELEASED)";
            case DIED -> "the guardian of " + who + " proved that its process had ended (DIED)";
            case EXPIRED -> "the lease of " + who + " was over, and everything of it ends with the lease (EXPIRED)";
            case FENCED -> who + " was switched off, and that is confirmed (FENCED)";
            case SUPERSEDED -> who + " came back as a later life on the same host and disk (SUPERSEDED)";
            case OPERATOR -> "an operator vouched that " + who + " was down (OPERATOR)";
        };
    }

    /** Where every group is that stands granted to a live session. */
    static Map<String, NodeId> places(ClusterRecord record) {
        Map<String, NodeId> places = new java.util.TreeMap<>();
        record.groups()
                .forEach((name, state) -> state.grant()
                        .filter(g -> g.stands() && record.isLive(g.holder()))
                        .ifPresent(g -> places.put(name, g.holder().node())));
        return places;
    }
}
