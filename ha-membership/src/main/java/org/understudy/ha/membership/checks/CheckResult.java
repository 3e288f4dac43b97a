package org.understudy.ha.membership.checks;

/**
 * What a check found.
 *
 * @param answer whether it works
 * @param isLate whether the answer is unknown because time ran out
 * @param reason one sentence
 * @since 0.1.0
 */
public record CheckResult(Answer answer, boolean isLate, String reason) {

    /** Three-valued. */
    public enum Answer {
        /** It did what was expected. */
        YES,
        /** It did something else, or cannot be reached. */
        NO,
        /** Nobody can say: there was no answer in time, or this host could not ask. */
        UNKNOWN
    }

    public static CheckResult yes(String reason) {
        return new CheckResult(Answer.YES, false, reason);
    }

    public static CheckResult no(String reason) {
        return new CheckResult(Answer.NO, false, reason);
    }

    /** This host could not ask. Never counts as a failure. */
    public static CheckResult unknown(String reason) {
        return new CheckResult(Answer.UNKNOWN, false, reason);
    }

    /** There was no answer in time. Whether that counts as a failure is for {@link HealthMonitor.Builder#timeoutsAreUnknown()} to say. */
    public static CheckResult late(String reason) {
        return new CheckResult(Answer.UNKNOWN, true, reason);
    }

    public boolean isYes() {
        return answer == Answer.YES;
    }

    CheckResult about(String what) {
        return new CheckResult(answer, isLate, what + " " + reason);
    }
}
