package org.understudy.ha.api.spi;

/**
 * Whether a node could start a resource now.
 *
 * @param reason why not, one sentence; empty when eligible
 */
public record Eligibility(boolean isEligible, String reason) {

    public static Eligibility eligible() {
        return new Eligibility(true, "");
    }

    public static Eligibility veto(String reason) {
        return new Eligibility(false, reason);
    }
}
