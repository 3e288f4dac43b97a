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

    /** Whether it only names the node whose history says why. */
    public boolean isUnexplained() {
        return reason.endsWith(Reasons.ELSEWHERE);
    }

    /**
     * Whether a history tells this already; the reason apart, which may not have arrived here. Tokens and incarnations are used once; what
     * may come again is compared with what was told last about it.
     *
     * @param kept newest first
     */
    public boolean isToldBy(Iterable<Decision> kept) {
        for (Decision decision : kept) {
            if (decision.subject().equals(subject) && isOpposite(decision.kind())) {
                return false;
            }
            if (decision.subject().equals(subject)
                    && decision.kind() == kind
                    && (!isToldByItsReason() || decision.reason().equals(reason))
                    && decision.token().equals(token)
                    && decision.to().equals(to)) {
                return true;
            }
        }
        return false;
    }

    private boolean isToldByItsReason() {
        return kind == Kind.HELD || kind == Kind.NAMED || kind == Kind.MEMBERS;
    }

    private boolean isOpposite(Kind other) {
        return switch (kind) {
            case STANDBY -> other == Kind.ACTIVATED;
            case MAINTAINED -> other == Kind.RESUMED;
            case FORBIDDEN -> other == Kind.ALLOWED;
            case NAMED -> other == Kind.UNNAMED;
            default -> false;
        };
    }

    /** In its place. */
    public Decision at(long number, Instant at, boolean isOwn) {
        return new Decision(
                number, at, kind, subject, from, to, token, proof, reason, record, isOwn, DecisionText.of(this));
    }
}
