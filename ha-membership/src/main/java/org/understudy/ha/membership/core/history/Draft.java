package org.understudy.ha.membership.core.history;

import java.time.Instant;
import java.util.Optional;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.Decision.Kind;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;

/** A decision without its place in a history; the parts as in {@link Decision}. */
public record Draft(
        Kind kind,
        String subject,
        Optional<Incarnation> from,
        Optional<Incarnation> to,
        Optional<FencingToken> token,
        Optional<ProofKind> proof,
        String reason,
        long record) {

    /** Something about a node or the cluster. */
    public static Draft plain(Kind kind, String subject, String reason, long record) {
        return new Draft(
                kind, subject, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), reason, record);
    }

    /** Whether a decision that is kept says the same; the reason apart, which only the controller knows. */
    public boolean isToldBy(Decision kept) {
        return kept.kind() == kind
                && kept.subject().equals(subject)
                && kept.token().equals(token)
                && kept.to().equals(to);
    }

    /** In its place. */
    public Decision at(long number, Instant at, boolean isOwn) {
        return new Decision(
                number, at, kind, subject, from, to, token, proof, reason, record, isOwn, DecisionText.of(this));
    }
}
