package org.understudy.ha.testkit.sim;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;

/**
 * What one run did.
 *
 * @param steps inputs handled by machines
 * @param counts how often what happened: starts, proofs, faults that hit an owner, looks of each checker
 * @param starts each time a group began to act, in order
 * @param owners who acted for each group when the run ended; a group without an owner is not among them
 * @param trace the last events, if they were asked for
 * @param told who owned what when, and why, if it was asked for
 */
public record RunReport(
        long seed,
        Optional<Violation> violation,
        long steps,
        SortedMap<String, Long> counts,
        List<Long> gapsNanos,
        List<Start> starts,
        SortedMap<String, NodeId> owners,
        List<String> trace,
        List<String> told) {

    /**
     * A group began to act.
     *
     * @param atNanos real time in the simulation
     * @param proof why the grant before was over
     */
    public record Start(long atNanos, String group, NodeId node, long token, ProofKind proof) {}
}
