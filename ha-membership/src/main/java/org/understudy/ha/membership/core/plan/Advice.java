package org.understudy.ha.membership.core.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.understudy.ha.api.Advisor.Candidate;
import org.understudy.ha.api.Advisor.Explanation;
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

    private final ClusterRecord record;
    private final Board board;
    private final String group;
    private final int number;

    private Advice(ClusterRecord record, String group) {
        this.record = record;
        this.board = Board.of(record);
        this.group = group;
        this.number = board.number(group);
    }

    /**
     * Why it is where it is.
     *
     * @param group one that the record knows
     * @param before who held it before, if this process saw that
     * @param isEnding whether its holder has said that it stops it, or cannot
     */
    public static Explanation explain(
            ClusterRecord record, String group, Optional<Incarnation> before, boolean isEnding) {
        Advice advice = new Advice(record, group);
        return advice.with(
                advice.isLive()
                        ? advice.whyHere(before, isEnding)
                        : Part.title(group) + " runs nowhere: " + advice.whyNowhere());
    }

    /**
     * Why it is not on a node.
     *
     * @param isEnding whether its holder has said that it stops it, or cannot
     */
    public static Explanation whyNot(ClusterRecord record, String group, NodeId node, boolean isEnding) {
        Advice advice = new Advice(record, group);
        return advice.with(advice.whyNot(node, isEnding));
    }

    private Explanation with(String sentence) {
        List<Candidate> candidates = new ArrayList<>();
        for (int n : board.present()) {
            Optional<String> why = board.whyNot(number, n);
            candidates.add(new Candidate(board.node(n), why.isEmpty(), why.orElse(""), score(n)));
        }
        Optional<Grant> grant = grant();
        List<String> all = new ArrayList<>(List.of(sentence));
        all.addAll(Oddities.of(record, group));
        Oddities.copiesLeftOver(record, group).ifPresent(all::add);
        return new Explanation(
                group, String.join("; ", all), grant.map(Grant::holder), grant.map(Grant::proof), candidates);
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

    private String whyHere(Optional<Incarnation> before, boolean isEnding) {
        Grant grant = grant().orElseThrow();
        NodeId here = grant.holder().node();
        List<String> parts = new ArrayList<>();
        parts.add(title() + " is on " + here + " under token " + grant.token() + ": " + proof(grant.proof(), before));
        preferredBefore(here).forEach(node -> parts.add(whyNotThere(node)));
        GroupRecord state = board.state(number);
        state.moveTo()
                .filter(to -> !to.equals(here))
                .ifPresent(to -> parts.add("it is asked to move to " + to
                        + (isEnding || !state.held().isEmpty()
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

    private List<NodeId> preferredBefore(NodeId here) {
        Candidacy offer = board.offer(number, board.nodeNumber(here));
        List<NodeId> preferred = offer == null ? List.of() : offer.preferred();
        int rank = preferred.indexOf(here);
        return preferred.subList(0, rank < 0 ? preferred.size() : rank);
    }

    private String whyNotThere(NodeId node) {
        int there = board.nodeNumber(node);
        Optional<String> why =
                there == Board.NONE ? Optional.of(node + " is not in the cluster now") : board.whyNot(number, there);
        Failback.Mode failback =
                board.state(number).rules().placement().failback().mode();
        return "it prefers " + node
                + why.map(reason -> ", but " + reason)
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
        return Planner.moveRefusal(record, group, node)
                .map(why -> "nothing moves back by itself, and it cannot be moved there now: " + why)
                .orElse("move it there, nothing moves back by itself");
    }

    private String whyNot(NodeId node, boolean isEnding) {
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
        Optional<String> why = board.whyNot(number, there);
        if (why.isPresent()) {
            return why.get();
        }
        if (grant.isPresent()) {
            boolean isLeaving = isEnding || board.isToStop(number);
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
