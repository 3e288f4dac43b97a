package org.understudy.ha.api.spi;

import java.util.Objects;

/**
 * How good a successor a copy is; see {@link PromotableResource#score()}.
 *
 * @param isEligible whether it may be promoted at all; without it the value says nothing
 * @param value the highest is promoted
 * @param reason why it may not be promoted, one sentence; empty when eligible
 */
public record Score(boolean isEligible, long value, String reason) {

    public Score {
        Objects.requireNonNull(reason, "reason");
    }

    public static Score of(long value) {
        return new Score(true, value, "");
    }

    /** It must not be promoted: a replica that is far behind, for example. */
    public static Score veto(String reason) {
        return new Score(false, 0, reason);
    }
}
