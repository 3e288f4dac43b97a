package org.understudy.ha.iptakeover.core;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.Sighting;

/**
 * Decides what the owner of an address does when it hears somebody else claim it. Fencing tokens order owners: the newer one
 * stays, the older one yields; a host without a token is a stranger.
 *
 * <pre>
 * token of the claim      action                                               alarm
 * newer than ours         YIELD, for good                                      once
 * older than ours         ANNOUNCE_AGAIN, at most once a second                yes
 * ours, another sender    none: two owners of one token is a broken promise    yes
 * ours or none, our MAC   none: our own frame came back, or our hardware       yes
 *                         address is in use twice; an answer would feed a loop
 * none                    by policy                                            yes
 * </pre>
 *
 * <p><b>A stranger's word moves nobody.</b> Except under {@link Policy#YIELD} only a claim with an authenticated, newer token makes
 * the owner yield. ARP and neighbour discovery prove nothing: whoever yields to them can be taken down by anybody on the segment,
 * with one frame. A true second host with the same address is a mistake of an administrator; it needs an alarm, and both hosts
 * are reachable at times until somebody mends it.
 *
 * <p>Old frames can be sent again. Their tokens are not newer than ours unless we really were replaced, so a replay causes
 * announcements and alarms only, and both are limited: one alarm a minute for each sender and reason, and from more than {@value
 * #SENDERS_MAX} senders at once none. What carries a token and what does not are counted apart, so that invented senders
 * cannot hush an alarm about a real rival.
 *
 * <p>Driver: one caller at a time; carry out what it says at once.
 */
public final class RivalWatch {
    /** What to do about a host without a token. */
    public enum Policy {
        /**
         * Announce once, at most every ten seconds ({@code DEFEND_INTERVAL}), and stay: RFC 5227, 2.4 (c), for hosts whose address
         * is to be relied on.
         */
        DEFEND,
        /** Stay and say nothing on the segment. */
        ALARM_ONLY,
        /** Let go of the address, RFC 5227, 2.4 (a). Then anybody on the segment can take the service down. */
        YIELD
    }

    /** What to do. */
    public enum Action {
        NONE,
        /** Start the announcements anew. */
        ANNOUNCE_AGAIN,
        /** Announce once. */
        DEFEND,
        /** Stop answering for the address now, then tell the loop. Final. */
        YIELD
    }

    /** Why. */
    public enum Reason {
        /** It claims nothing, or not this address. */
        NOT_A_RIVAL,
        NEWER_OWNER,
        OLDER_OWNER,
        BROKEN_PROMISE,
        OWN_MAC_ELSEWHERE,
        STRANGER,
        /** The owner has yielded already. */
        YIELDED_BEFORE
    }

    /**
     * @param isAlarm whether to tell the operator; already limited
     */
    public record Decision(Action action, Reason reason, boolean isAlarm) {}

    /** RFC 5227, 1.1. */
    public static final long DEFEND_INTERVAL_NANOS = 10_000_000_000L;

    /** Between two answers to owners with older tokens. */
    public static final long ANNOUNCE_INTERVAL_NANOS = 1_000_000_000L;

    static final long ALARM_INTERVAL_NANOS = 60_000_000_000L;

    /** How many alarms may be younger than a minute: with a token, and as many without. */
    public static final int SENDERS_MAX = 64;

    private static final Decision NOT_A_RIVAL = new Decision(Action.NONE, Reason.NOT_A_RIVAL, false);
    private static final Decision YIELDED_BEFORE = new Decision(Action.NONE, Reason.YIELDED_BEFORE, false);

    private final IpAddress address;
    private MacAddress own;
    /** The same until it changed: what was said with it may come back by another port of a bond. */
    private MacAddress ownBefore;

    private final FencingToken token;
    private final Policy policy;

    private final Interval announcing = new Interval(ANNOUNCE_INTERVAL_NANOS);
    private final Interval defending = new Interval(DEFEND_INTERVAL_NANOS);
    private final AlarmLimit alarms;
    private boolean hasYielded;

    /**
     * @param own the hardware address under which this host answers for the address
     * @param token of the grant under which it does
     */
    public RivalWatch(IpAddress address, MacAddress own, FencingToken token, Policy policy) {
        this(address, own, token, policy, new AlarmLimit());
    }

    /**
     * The same for one of several addresses that one host claims all of: its first claim raises the alarm.
     *
     * @param alarms of all of them
     */
    public RivalWatch(IpAddress address, MacAddress own, FencingToken token, Policy policy, AlarmLimit alarms) {
        this.address = address;
        this.own = own;
        this.ownBefore = own;
        this.token = token;
        this.policy = policy;
        this.alarms = alarms;
    }

    /** This host answers under that hardware address from now on. The one before is still its own. */
    public void follow(MacAddress mac) {
        if (!mac.equals(own)) {
            ownBefore = own;
            own = mac;
        }
    }

    /**
     * @param nowNanos monotonic
     * @param claimed the token the sighting carries, authenticated; empty if it carries none or none that is ours
     */
    public Decision decide(long nowNanos, Sighting sighting, Optional<FencingToken> claimed) {
        if (!sighting.form().isClaim() || !sighting.sender().equals(address)) {
            return NOT_A_RIVAL;
        }
        if (hasYielded) {
            return YIELDED_BEFORE;
        }
        MacAddress sender = sighting.senderMac();
        Reason reason = reason(sender.equals(own) || sender.equals(ownBefore), claimed);
        Action action = action(reason, nowNanos);
        hasYielded = action == Action.YIELD;
        Alarms counted = claimed.isPresent() ? alarms.authenticated : alarms.anonymous;
        return new Decision(action, reason, hasYielded || counted.isNew(sender, reason, nowNanos));
    }

    private Reason reason(boolean isOwnMac, Optional<FencingToken> claimed) {
        // Where a hardware address moves with the floating one, a rival has the same, so its token counts first.
        int order = claimed.isPresent() ? claimed.get().compareTo(token) : 0;
        if (order != 0) {
            return order > 0 ? Reason.NEWER_OWNER : Reason.OLDER_OWNER;
        }
        if (isOwnMac) {
            return Reason.OWN_MAC_ELSEWHERE;
        }
        return claimed.isPresent() ? Reason.BROKEN_PROMISE : Reason.STRANGER;
    }

    private Action action(Reason reason, long nowNanos) {
        switch (reason) {
            case NEWER_OWNER:
                return Action.YIELD;
            case OLDER_OWNER:
                return announcing.isOver(nowNanos) ? Action.ANNOUNCE_AGAIN : Action.NONE;
            case STRANGER:
                return againstStranger(nowNanos);
            default:
                return Action.NONE;
        }
    }

    private Action againstStranger(long nowNanos) {
        switch (policy) {
            case YIELD:
                return Action.YIELD;
            case DEFEND:
                return defending.isOver(nowNanos) ? Action.DEFEND : Action.NONE;
            default:
                return Action.NONE;
        }
    }

    /** Whether it has said {@link Action#YIELD}. */
    public boolean hasYielded() {
        return hasYielded;
    }

    /** Alarms that were not raised because of too many senders. */
    public long alarmsSuppressed() {
        return alarms.authenticated.suppressed + alarms.anonymous.suppressed;
    }

    /** Which alarms were raised lately. One caller at a time. */
    public static final class AlarmLimit {
        private final Alarms authenticated = new Alarms();
        private final Alarms anonymous = new Alarms();
    }

    /** Something that may happen again only after a time. */
    private static final class Interval {
        private final long nanos;
        private boolean hasHappened;
        private long lastNanos;

        Interval(long nanos) {
            this.nanos = nanos;
        }

        boolean isOver(long nowNanos) {
            boolean over = !hasHappened || nowNanos - lastNanos >= nanos;
            if (over) {
                hasHappened = true;
                lastNanos = nowNanos;
            }
            return over;
        }
    }

    /** The alarms of the last minute, eldest first. */
    private static final class Alarms {
        private final Map<Long, Long> raised = new LinkedHashMap<>();
        private long suppressed;

        boolean isNew(MacAddress sender, Reason reason, long nowNanos) {
            Iterator<Long> times = raised.values().iterator();
            boolean isOld = true;
            while (isOld && times.hasNext()) {
                isOld = nowNanos - times.next() >= ALARM_INTERVAL_NANOS;
                if (isOld) {
                    times.remove();
                }
            }
            Long key = sender.bits() << 8 | reason.ordinal();
            if (raised.containsKey(key)) {
                return false;
            }
            if (raised.size() == SENDERS_MAX) {
                suppressed++;
                return false;
            }
            raised.put(key, nowNanos);
            return true;
        }
    }
}
