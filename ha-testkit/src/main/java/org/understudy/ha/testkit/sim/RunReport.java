package org.understudy.ha.testkit.sim;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What one run did.
 *
 * @param steps inputs handled by machines
 * @param counts how often what happened: starts, proofs, faults that hit an owner, looks of each checker
 * @param trace the last events, if they were asked for
 * @param told who owned what when, and why, if it was asked for
 */
public record RunReport(
        long seed,
        Optional<Violation> violation,
        long steps,
        SortedMap<String, Long> counts,
        List<Long> gapsNanos,
        List<String> trace,
        List<String> told) {}
