package org.understudy.ha.iptakeover.core;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.packet.MacAddress;

/**
 * Judges one link of this host: its carrier, its address, and whether the gateway behind it answers.
 *
 * <p>Driver: tell every {@link #sight} (a poll or an event, in the order they were made), every question {@linkplain #asked asked} and
 * every answer {@linkplain #answered heard}; ask a question when {@link #nextNanos} is reached; read {@link #health} and
 * {@link #eligibility} at any time. One thread at a time, one clock that does not go back.
 *
 * <p><b>The link</b> is gone at once and back only when it has been there without a break for a while ({@link HoldDown}). While it is gone or
 * not back long enough, this node is not chosen. Nothing works without it, so this has no other end.
 *
 * <p><b>The gateway</b> is lost after some questions in a row without an answer, and back after some with one, spread over the hold-down. A
 * question counts as missed when the next one is asked, so a pause of this process costs one question, however long it was. Nobody here can
 * see whether the others have the gateway, and if it is silent for all of them moving helps nobody. Three rules keep the group from
 * wandering about, and from standing still:
 * <ol>
 *   <li>Losing it is a failure only of a stay during which it was there. Whatever starts where it is silent stays there.
 *   <li>Once lost it must be back steadily, each time for longer, before losing it counts again.
 *   <li>It keeps this node from being chosen for a limited time only. After that a node without a gateway is better than none.
 * </ol>
 * So where the gateway is silent for everybody, each loss of it costs one interruption of that limited time, and such losses become rare.
 */
public final class LinkScore {
    /** How long a second answer to one question stays in mind. */
    static final long DUPLICATE_NANOS = 60_000_000_000L;

    private static final long NANOS_PER_MILLI = 1_000_000;

    /**
     * How the link looks.
     *
     * @param index of the interface, 0 if there is none of that name
     * @param hasAddress whether this host has an address there to ask the gateway from
     * @param carrierLosses how often the carrier went so far
     */
    public record Sight(int index, boolean isUp, boolean hasCarrier, boolean hasAddress, int carrierLosses) {
        /** There is no such interface. */
        public static final Sight ABSENT = new Sight(0, false, false, false, 0);
    }

    private enum Gateway {
        /** Not enough was asked yet. */
        UNKNOWN,
        THERE,
        SILENT
    }

    private final LinkRules rules;

    private final HoldDown link;
    private @Nullable Sight last;
    private int indexAtStart;
    private boolean isReplaced;

    private final HoldDown gateway;
    private Gateway state = Gateway.UNKNOWN;
    private boolean isAsked;
    private boolean isAnswered;
    private long askedNanos;
    private int misses;
    private int answers;
    private long lostNanos;
    private @Nullable MacAddress gatewayMac;
    /** An answer while the gateway counted as there, since the start. */
    private boolean isSeenSinceStart;

    private String duplicate = "";
    private long duplicateNanos;

    public LinkScore(LinkRules rules) {
        this.rules = rules;
        this.link = new HoldDown(rules.holdNanos(), rules.holdMaxNanos());
        this.gateway = new HoldDown(rules.holdNanos(), rules.holdMaxNanos());
    }

    /** A stay begins on the link as it was last seen: failures of the gateway count from its next answer. */
    public void started() {
        Sight seen = last;
        indexAtStart = seen == null ? 0 : seen.index();
        isReplaced = false;
        isSeenSinceStart = false;
    }

    /** The link as a look or an event shows it. */
    public void sight(Sight now, long nowNanos) {
        Sight before = last;
        last = now;
        boolean wasThere = before != null && problem(before).isEmpty();
        boolean isThere = problem(now).isEmpty();
        boolean isOther = before != null && before.index() != 0 && now.index() != 0 && before.index() != now.index();
        isReplaced |= now.index() != 0 && indexAtStart != 0 && now.index() != indexAtStart;
        // The kernel may hold an event back until the carrier is there again, and then has nothing to tell: it counts,
        // though.
        boolean isFlap = isOther
                || before != null && before.index() == now.index() && before.carrierLosses() < now.carrierLosses();
        if (isFlap || before != null && !isThere) {
            link.lost(nowNanos);
        }
        if (isThere && (isFlap || before != null && !wasThere)) {
            link.back(nowNanos);
        }
        if (!isThere || isFlap) {
            // Silence behind a broken link says nothing of the gateway.
            isAsked = false;
            misses = 0;
            answers = 0;
        }
    }

    /** Why the link as last seen cannot carry anything, one sentence; empty if it can, or was not looked at yet. */
    public String problem() {
        Sight seen = last;
        return seen == null ? "" : problem(seen);
    }

    private String problem(Sight seen) {
        if (seen.index() == 0) {
            return "there is no interface " + rules.link() + " on this host";
        }
        if (!seen.isUp()) {
            return "interface " + rules.link() + " is down";
        }
        if (!seen.hasCarrier()) {
            return "carrier of " + rules.link() + " is gone";
        }
        return rules.hasGateway() && !seen.hasAddress()
                ? "this host has no address of its own on " + rules.link() + " to reach the gateway " + rules.gateway()
                        + " from"
                : "";
    }

    /** A question was sent. */
    public void asked(long nowNanos) {
        if (isAsked && !isAnswered) {
            missed(nowNanos);
        }
        isAsked = true;
        isAnswered = false;
        gatewayMac = null;
        askedNanos = nowNanos;
    }

    private void missed(long nowNanos) {
        answers = 0;
        misses = Math.min(misses + 1, rules.misses());
        if (misses == rules.misses() && state != Gateway.SILENT) {
            state = Gateway.SILENT;
            lostNanos = nowNanos;
            gateway.lost(nowNanos);
        }
    }

    /** Somebody answered for the gateway. */
    public void answered(MacAddress mac, long nowNanos) {
        MacAddress first = gatewayMac;
        if (first != null && !first.equals(mac)) {
            duplicate("two hosts answer for the gateway " + rules.gateway() + ": " + first + " and " + mac, nowNanos);
        }
        gatewayMac = mac;
        if (isAsked && !isAnswered) {
            isAnswered = true;
            misses = 0;
            if (state == Gateway.SILENT && answers == 0) {
                gateway.back(nowNanos);
            }
            answers = Math.min(answers + 1, rules.answers());
            if (answers == rules.answers() && !gateway.isOut(nowNanos)) {
                state = Gateway.THERE;
            }
            isSeenSinceStart |= state == Gateway.THERE;
        }
    }

    /** Somebody else claims this host's own address. */
    public void rival(MacAddress mac, long nowNanos) {
        duplicate(
                "another host, with hardware address " + mac + ", claims this host's own address on " + rules.link(),
                nowNanos);
    }

    private void duplicate(String what, long nowNanos) {
        duplicate = what;
        duplicateNanos = nowNanos;
    }

    /**
     * When to ask the gateway again.
     *
     * @return {@link Long#MAX_VALUE} while there is nothing to ask
     */
    public long nextNanos(long nowNanos) {
        Sight seen = last;
        if (!rules.hasGateway() || seen == null || !problem(seen).isEmpty()) {
            return Long.MAX_VALUE;
        }
        return isAsked ? askedNanos + rules.askNanos() : nowNanos;
    }

    /** How what runs here is. */
    public Health health(long nowNanos) {
        String gone = problem();
        if (!gone.isEmpty()) {
            return Health.failed(Severity.HARD, gone);
        }
        if (isReplaced) {
            return Health.failed(
                    Severity.HARD,
                    "interface " + rules.link() + " was deleted and made again, or is another one under its name");
        }
        if (state == Gateway.SILENT && rules.gatewayMoves() && isSeenSinceStart) {
            return Health.failed(Severity.HARD, gatewayProblem());
        }
        return weakness(nowNanos).map(Health::degraded).orElseGet(Health::healthy);
    }

    private Optional<String> weakness(long nowNanos) {
        if (state == Gateway.SILENT) {
            return Optional.of(gatewayProblem());
        }
        if (!duplicate.isEmpty() && nowNanos - duplicateNanos < DUPLICATE_NANOS) {
            return Optional.of(duplicate);
        }
        return link.isOut(nowNanos) ? Optional.of(held()) : Optional.empty();
    }

    /** Whether this node should be chosen. The reason stays the same while the situation does. */
    public Eligibility eligibility(long nowNanos) {
        String gone = problem();
        if (!gone.isEmpty()) {
            return Eligibility.veto(gone);
        }
        if (link.isOut(nowNanos)) {
            return Eligibility.veto(held());
        }
        boolean isTooLate = nowNanos - lostNanos >= rules.vetoNanos();
        return state == Gateway.SILENT && rules.gatewayMoves() && !isTooLate
                ? Eligibility.veto(gatewayProblem())
                : Eligibility.eligible();
    }

    private String gatewayProblem() {
        String what = "gateway " + rules.gateway() + " does not answer on " + rules.link();
        return answers == 0
                ? what
                : "gateway " + rules.gateway() + " answers on " + rules.link()
                        + " again; it counts when it has done so for " + seconds(gateway.holdNanos());
    }

    private String held() {
        return rules.link() + " is back; after " + link.losses()
                + (link.losses() == 1 ? " loss" : " losses in short succession") + " it counts when it has stayed for "
                + seconds(link.holdNanos());
    }

    private static String seconds(long nanos) {
        long millis = nanos / NANOS_PER_MILLI;
        return millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
    }
}
