package org.understudy.ha.membership.jfr;

import java.time.Duration;
import java.util.Optional;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Stall;

/**
 * Commits events to whatever flight recording runs; costs nothing if none does. Needs the module {@code jdk.jfr}, which a small run-time
 * image may not have: ask before the first use. Thread-safe.
 */
public final class FlightEvents {

    private FlightEvents() {}

    /** A decision was learned. */
    public static void decided(String node, Decision decision) {
        if (decision.kind() != Decision.Kind.GRANTED) {
            new DecisionEvent().commit(node, decision);
        } else if (decision.proof().filter(FlightEvents::isGiven).isPresent()) {
            new GrantEvent().commit(node, decision);
        } else {
            new TakeoverEvent().commit(node, decision);
        }
    }

    private static boolean isGiven(ProofKind proof) {
        return proof == ProofKind.NEVER || proof == ProofKind.RELEASED;
    }

    /** A stall was noticed. */
    public static void stalled(String node, String part, Stall stall, boolean isMarginUsedUp) {
        StallEvent event = new StallEvent();
        if (event.isEnabled()) {
            event.node = node;
            event.part = part;
            event.took = nanos(stall.last());
            event.margin = nanos(stall.margin());
            event.marginUsedUp = isMarginUsedUp;
            event.commit();
        }
    }

    /** A group could not be stopped. */
    public static void stopFailed(String node, String group, String consequence) {
        StopFailedEvent event = new StopFailedEvent();
        event.node = node;
        event.group = group;
        event.consequence = consequence;
        event.commit();
    }

    private static long nanos(Duration duration) {
        return duration.toNanos();
    }

    /** What every event about a decision says. */
    @Category("Understudy")
    @StackTrace(false)
    abstract static class AboutDecision extends Event {
        @Label("Node")
        String node = "";

        @Label("Number")
        @Description("In the node's history")
        long number;

        @Label("Kind")
        String kind = "";

        @Label("Subject")
        String subject = "";

        @Label("From")
        String from = "";

        @Label("To")
        String to = "";

        @Label("Token")
        long token;

        @Label("Proof")
        String proof = "";

        @Label("Sentence")
        String sentence = "";

        final void commit(String where, Decision decision) {
            if (isEnabled()) {
                node = where;
                number = decision.number();
                kind = decision.kind().name();
                subject = decision.subject();
                from = text(decision.from());
                to = text(decision.to());
                token = decision.token().map(FencingToken::value).orElse(0L);
                proof = decision.proof().map(ProofKind::name).orElse("");
                sentence = decision.sentence();
                commit();
            }
        }

        private static String text(Optional<Incarnation> incarnation) {
            return incarnation.map(Incarnation::toString).orElse("");
        }
    }

    /** Who may do what changed, but no group was granted. */
    @Name("org.understudy.ha.Decision")
    @Label("Decision")
    static final class DecisionEvent extends AboutDecision {}

    /** A group was granted for the first time, or its holder gave it back before. */
    @Name("org.understudy.ha.Grant")
    @Label("Grant")
    static final class GrantEvent extends AboutDecision {}

    /** A group was granted although its holder did not give it back: the proof says why. */
    @Name("org.understudy.ha.Takeover")
    @Label("Takeover")
    static final class TakeoverEvent extends AboutDecision {}

    /** A part of a node was late. */
    @Name("org.understudy.ha.Stall")
    @Label("Stall")
    @Category("Understudy")
    @StackTrace(false)
    static final class StallEvent extends Event {
        @Label("Node")
        String node = "";

        @Label("Part")
        String part = "";

        @Label("Took")
        @Timespan
        long took;

        @Label("Margin")
        @Timespan
        long margin;

        @Label("Margin Used Up")
        boolean marginUsedUp;
    }

    /** A stop failed for good. */
    @Name("org.understudy.ha.StopFailed")
    @Label("Stop Failed")
    @Category("Understudy")
    @StackTrace(false)
    static final class StopFailedEvent extends Event {
        @Label("Node")
        String node = "";

        @Label("Group")
        String group = "";

        @Label("Consequence")
        String consequence = "";
    }
}
