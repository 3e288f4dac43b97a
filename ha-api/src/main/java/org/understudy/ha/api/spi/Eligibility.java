package org.understudy.ha.api.spi;

import java.util.Objects;

/**
 * Whether a node could start a resource now.
 *
 * @param reason why not, one sentence; empty when eligible
 */
public record Eligibility(boolean isEligible, String reason) {

    public Eligibility {
        Objects.requireNonNull(reason, "reason");
    }

    public static Eligibility eligible() {
        return new Eligibility(true, "");
    }

    public static Eligibility veto(String reason) {
        return new Eligibility(false, reason);
    }
}
