package org.understudy.ha.api.config;

import java.time.Duration;
import org.understudy.ha.api.ConfigurationException;

/**
 * What becomes of a group that runs somewhere else than on its first node once that node could run it again. A failback is always a
 * planned move: the group is stopped where it runs, and started when its stop is proved.
 *
 * @param stable for {@link Mode#WHEN_STABLE} how long the first node must have been able to run it, without a failure there; otherwise
 *     zero
 * @since 0.1.0
 */
public record Failback(Mode mode, Duration stable) {

    private static final Failback MANUAL = new Failback(Mode.MANUAL, Duration.ZERO);
    private static final Failback NEVER = new Failback(Mode.NEVER, Duration.ZERO);
    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofDays(30);

    /** When a group goes back. Written by number: add at the end. */
    public enum Mode {
        /** When an operator moves it; the advisor says that it is away. The default: a move costs an outage. */
        MANUAL,
        /** Nowhere is its home: the advisor does not say that it is away either. */
        NEVER,
        /** By itself, after a while. */
        WHEN_STABLE
    }

    /**
     * @throws ConfigurationException if the duration does not go with the mode
     */
    public Failback {
        if (mode == null) {
            throw new ConfigurationException("failback", "null", "use manual(), never() or whenStable(duration)");
        }
        boolean isGood = stable != null
                && (mode == Mode.WHEN_STABLE
                        ? stable.compareTo(SHORTEST) >= 0 && stable.compareTo(LONGEST) <= 0
                        : stable.isZero());
        if (!isGood) {
            throw new ConfigurationException(
                    "failback " + mode,
                    String.valueOf(stable),
                    "whenStable takes from 1 s to 30 days, the others none");
        }
    }

    public static Failback manual() {
        return MANUAL;
    }

    public static Failback never() {
        return NEVER;
    }

    /**
     * Goes back once the first node could have run it for that long, without a failure of it there, and no other rule forbids it.
     *
     * @param stable 1 s to 30 days, counted by whichever node decides: it begins anew when another one decides that has just started
     */
    public static Failback whenStable(Duration stable) {
        return new Failback(Mode.WHEN_STABLE, stable);
    }
}
