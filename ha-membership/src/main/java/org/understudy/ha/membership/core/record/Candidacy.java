package org.understudy.ha.membership.core.record;

import java.util.List;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.Presence;

/**
 * A node's offer to run a group.
 *
 * @param preferred the group's preferred nodes; must be the same in every candidacy of the group
 * @param isElection whether this is a leader election: nothing outside the library can hold it
 * @param isEligible whether the node could start it now
 * @param whyNot why it is not eligible, one sentence; where it is, what the probe found
 * @param presence what the probe before the first grant found
 * @param isExpirable whether the end of the lease ends every resource of the group by itself
 * @param remains what stays on the host when the process dies
 * @param priority among candidates that could all run it, the highest comes first; 0 normally
 * @param keepsRunning whether the group goes on without a majority; never together with {@code isExpirable}
 * @param rules digest of the placement rules that it was offered with, see {@link Rules#digest()}
 * @param runs the token under which it runs here; 0 if it does not, or if no other group waits for it
 */
public record Candidacy(
        List<NodeId> preferred,
        boolean isElection,
        boolean isEligible,
        String whyNot,
        Presence presence,
        boolean isExpirable,
        List<String> remains,
        long priority,
        boolean keepsRunning,
        long rules,
        long runs) {
    public Candidacy {
        preferred = List.copyOf(preferred);
        remains = List.copyOf(remains);
    }

    /** Without placement rules. */
    public Candidacy(
            List<NodeId> preferred,
            boolean isElection,
            boolean isEligible,
            String whyNot,
            Presence presence,
            boolean isExpirable,
            List<String> remains,
            long priority,
            boolean keepsRunning) {
        this(preferred, isElection, isEligible, whyNot, presence, isExpirable, remains, priority, keepsRunning, 0, 0);
    }

    /** Without priority, and stopped without a majority. */
    public Candidacy(
            List<NodeId> preferred,
            boolean isElection,
            boolean isEligible,
            String whyNot,
            Presence presence,
            boolean isExpirable,
            List<String> remains) {
        this(preferred, isElection, isEligible, whyNot, presence, isExpirable, remains, 0, false);
    }

    public Candidacy withEligibility(boolean eligible, String reason) {
        return new Candidacy(
                preferred,
                isElection,
                eligible,
                reason,
                presence,
                isExpirable,
                remains,
                priority,
                keepsRunning,
                rules,
                runs);
    }

    /** With a reason that the record has room for. */
    public Candidacy withReasonCut() {
        String cut = Sentence.shortened(whyNot);
        return cut.equals(whyNot) ? this : withEligibility(isEligible, cut);
    }

    /**
     * What a probe found.
     *
     * @param detail for people; empty if there is none
     */
    public Candidacy withPresence(Presence found, String detail) {
        return new Candidacy(
                preferred,
                isElection,
                isEligible,
                isEligible ? detail : whyNot,
                found,
                isExpirable,
                remains,
                priority,
                keepsRunning,
                rules,
                runs);
    }

    /** Offered with these placement rules. */
    public Candidacy withRules(long digest) {
        return new Candidacy(
                preferred,
                isElection,
                isEligible,
                whyNot,
                presence,
                isExpirable,
                remains,
                priority,
                keepsRunning,
                digest,
                runs);
    }

    /** Running here under a token, or not if 0. */
    public Candidacy withRuns(long token) {
        return token == runs
                ? this
                : new Candidacy(
                        preferred,
                        isElection,
                        isEligible,
                        whyNot,
                        presence,
                        isExpirable,
                        remains,
                        priority,
                        keepsRunning,
                        rules,
                        token);
    }
}
