package org.understudy.ha.membership.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.FormAnswer;
import org.understudy.ha.membership.core.message.Message.FormQuery;
import org.understudy.ha.membership.core.record.AcceptorId;

/**
 * Whether a cluster may be formed: only when every configured peer has said lately that its disk is empty, that it was told to form, and that it is
 * configured alike. Pure.
 */
final class Forming {

    private final AcceptorId own;
    private final List<NodeId> others;
    private final String configDigest;
    private final boolean mayForm;
    private final long forgetNanos;
    private final TreeMap<NodeId, FormAnswer> answers = new TreeMap<>();
    private final TreeMap<NodeId, Long> answeredAt = new TreeMap<>();
    private String said = "";

    /**
     * @param others every configured peer but this node
     * @param mayForm whether this node was told to form
     * @param forgetNanos how long an answer counts
     */
    Forming(AcceptorId own, List<NodeId> others, String configDigest, boolean mayForm, long forgetNanos) {
        this.own = own;
        this.others = List.copyOf(others);
        this.configDigest = configDigest;
        this.mayForm = mayForm;
        this.forgetNanos = forgetNanos;
    }

    /**
     * How it stands.
     *
     * @param acceptors who would vote in the first record
     * @param waits what forming waits for; empty if all are ready
     */
    record Standing(List<AcceptorId> acceptors, List<String> waits) {

        boolean isReady() {
            return waits.isEmpty();
        }
    }

    /** What to ask the others. */
    FormQuery question() {
        return new FormQuery(configDigest);
    }

    /** What to tell whoever asks. */
    FormAnswer answer(boolean isDiskEmpty) {
        return new FormAnswer(configDigest, own.disk(), isDiskEmpty, mayForm);
    }

    void answered(long now, NodeId from, FormAnswer answer) {
        answers.put(from, answer);
        answeredAt.put(from, now);
    }

    Standing look(long now) {
        TreeSet<AcceptorId> set = new TreeSet<>();
        set.add(own);
        List<String> waits = new ArrayList<>();
        for (NodeId peer : others) {
            FormAnswer answer = answers.get(peer);
            if (answer == null || now - answeredAt.get(peer) > forgetNanos) {
                waits.add(peer + " has not answered");
            } else if (!answer.configDigest().equals(configDigest)) {
                waits.add(peer + " is configured differently (peers, cluster or timing)");
            } else if (!answer.isEmpty()) {
                waits.add(peer + " belongs to a cluster already; this node must be admitted there");
            } else if (!answer.mayForm()) {
                waits.add(peer + " was not told to form");
            } else {
                set.add(new AcceptorId(peer, answer.disk()));
            }
        }
        return new Standing(List.copyOf(set), List.copyOf(waits));
    }

    /**
     * What a node that knows no record waits for, for people; empty if nobody can help.
     *
     * @param silent peers that are not heard
     */
    Optional<String> whatJoiningWaitsFor(boolean isDiskEmpty, List<NodeId> silent) {
        if (isDiskEmpty && !mayForm) {
            return Optional.of(
                    "this node's state directory is empty and it was not told to form(), so it waits for a cluster that"
                            + " admits it" + (silent.isEmpty() ? "" : "; not heard from " + silent));
        }
        return isDiskEmpty || silent.isEmpty()
                ? Optional.empty()
                : Optional.of("waits for a majority; not heard from " + silent);
    }

    /** What there is to say of it, if it was not said last. */
    Optional<String> news(Standing standing) {
        String present = standing.waits().toString();
        boolean isNew = !present.equals(said);
        said = present;
        return isNew && !standing.isReady() ? Optional.of(present) : Optional.empty();
    }
}
