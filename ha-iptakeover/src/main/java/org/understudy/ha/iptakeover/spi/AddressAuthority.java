package org.understudy.ha.iptakeover.spi;

import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.iptakeover.packet.IpAddress;

/**
 * Whoever decides which host has an address where ARP does not: a cloud, a hoster, a router with an API.
 *
 * <p><b>Certain.</b> An answer is {@link Verdict#YES} or {@link Verdict#NO} only if it can be relied on: what was asked has taken effect, or it
 * has not <em>and never will</em>. Everything else is {@link Verdict#UNKNOWN}, above all a time-out: the request may still be on its way.
 *
 * <p><b>Idempotence.</b> Every call may be repeated, also after an unknown outcome, and asking for what is so already answers {@link Verdict#YES}.
 *
 * <p><b>Budget.</b> A call returns within its budget, or soon after; by then whatever it started on this host has ended. It ends early with
 * {@link InterruptedException} when its thread is interrupted.
 *
 * <p><b>Fencing.</b> See {@link #fencing()}. It decides whether the address can be given to another node while its last owner may only be paused.
 *
 * <p><b>Threads.</b> Calls for one address may overlap by one {@link #owner} question; several addresses may be served at once.
 */
public interface AddressAuthority {

    /** What it does with calls of an owner that was replaced, and does not know it yet. */
    enum Fencing {
        /** It carries out whatever comes last. A late call of a stale owner takes the address back. */
        NONE,
        /**
         * It remembers the highest token it was given for an address, durably, and refuses a lower one. Comparing and assigning are
         * one step: no other token is taken in between.
         */
        BY_TOKEN
    }

    /** Whether it is so. */
    enum Verdict {
        YES,
        NO,
        UNKNOWN
    }

    /**
     * What came of a call.
     *
     * @param detail one sentence, why not or why not known; for {@link #owner} who has the address, if that is known; may be empty
     */
    record Answer(Verdict verdict, String detail) {
        public static Answer yes(String detail) {
            return new Answer(Verdict.YES, detail);
        }

        public static Answer no(String why) {
            return new Answer(Verdict.NO, why);
        }

        public static Answer unknown(String why) {
            return new Answer(Verdict.UNKNOWN, why);
        }
    }

    /**
     * Who asks, for what.
     *
     * @param node the node that runs on this host
     * @param hints what the authority needs to know of this host, as it was configured there: the id of an instance or of a network card
     * @param token of the grant it is asked under
     */
    record Claim(IpAddress address, NodeId node, Map<String, String> hints, FencingToken token) {
        public Claim {
            hints = Collections.unmodifiableMap(new TreeMap<>(hints));
        }
    }

    /** A short name for messages. */
    String name();

    /** {@link Fencing#NONE} unless it is certain. Constant. */
    Fencing fencing();

    /** Why it cannot be asked from this host, one sentence with the remedy; empty if it can. Local and quick. */
    String obstacle();

    /**
     * Gives the address to this host, whoever has it.
     *
     * @return YES: packets to the address reach this host, or will as soon as the network has learned it, and no other host any more. NO: it
     *     was refused, for example because of a higher token
     */
    Answer assign(Claim claim, Duration budget) throws InterruptedException;

    /**
     * Takes the address off this host. If it is somebody else's it stays there.
     *
     * @return YES: this host does not have it, and no call made for this claim before brings it back. NO: this host still has it
     */
    Answer release(Claim claim, Duration budget) throws InterruptedException;

    /**
     * Whether this host has the address now.
     *
     * @return YES: it has. NO: somebody else, or nobody
     */
    Answer owner(Claim claim, Duration budget) throws InterruptedException;
}
