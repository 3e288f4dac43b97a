package org.understudy.ha.api;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Names of the whole cluster: each has a value, and is owned by a live {@linkplain Incarnation incarnation}.
 *
 * <p>They locate things; they start and stop nothing. A name stands in the cluster record, in the session of its owner, and is gone with it:
 * when the owner withdraws it or leaves, when its death is proved, or when its lease has been waited out. Nothing of a name survives its
 * owner's session; whoever comes back registers again. A name says nothing about resources: what must not run twice is a
 * {@linkplain Resources group} or an {@linkplain Elections election}, which have tokens.
 *
 * <p>Bounds: {@value #NAMES_MAX} names of a node at once, {@value #NAME_BYTES_MAX} bytes of UTF-8 for a name and {@value #VALUE_BYTES_MAX} for a
 * value, {@value #NODE_BYTES_MAX} bytes for all names and values of a node; and what is left of the cluster record, which names share with
 * groups. Every method may be called from any thread; none blocks.
 *
 * @since 0.1.0
 */
public interface Names {

    int NAMES_MAX = 256;

    int NAME_BYTES_MAX = 128;

    int VALUE_BYTES_MAX = 1024;

    int NODE_BYTES_MAX = 64 * 1024;

    /** Who else may own a name. */
    enum Sharing {
        /** Nobody. Another owner comes only after the session of this one is over, by whatever proves it, or after it was withdrawn. */
        EXCLUSIVE,
        /** Whoever registers it as shared, each with a value of its own. */
        SHARED
    }

    /**
     * Asks for a name. Nobody waits in line for it: if another owns it, it is refused, and {@link #observe} tells when it is free.
     *
     * @param name printable characters without spaces, not beginning with {@code !}
     * @param limit how long to try, more than nothing and at most a day; a node that has no session yet asks when it has one
     * @throws ConfigurationException if an argument cannot be used, with every reason
     * @throws LifecycleException if this node has the name registered, has no room for more, or is closed
     */
    Registration register(String name, String value, Sharing sharing, Duration limit);

    /**
     * Who owns a name, as far as this node knows. A snapshot.
     *
     * @throws ConfigurationException if there can be no such name
     */
    NameStatus lookup(String name);

    /**
     * Every name that somebody owns and that begins so, in order of names, as far as this node knows. A snapshot.
     *
     * @param prefix may be empty
     * @throws ConfigurationException if it is null
     */
    List<NameStatus> list(String prefix);

    /**
     * Depends on every name that begins so. The listener is called on a thread of its own, never concurrently, first with each name that is
     * owned now and then with each that appears, changes or disappears (no owners), in order; a slow one gets the latest status of
     * each name, not every one between, and delays nobody. When this node is closed it is told so once more of each name, as not
     * current.
     *
     * @param prefix may be empty; for one name alone give its whole name and compare
     * @return closing it ends the dependency
     * @throws LifecycleException if this node is closed
     * @throws ConfigurationException if an argument is null
     */
    HaNode.Subscription observe(String prefix, Listener listener);

    /**
     * Who owns a name.
     *
     * @param owners in order of nodes; one at most if it is exclusive, none if nobody owns it
     * @param isCurrent whether this node hears a majority. If not, this was so when it last did
     */
    record NameStatus(String name, List<Owner> owners, boolean isCurrent) {
        public NameStatus {
            owners = List.copyOf(owners);
        }
    }

    /** An owner, with the value it gave the name. */
    record Owner(Incarnation incarnation, String value, Sharing sharing) {}

    /** Is told of names; see {@link #observe}. */
    @FunctionalInterface
    interface Listener {
        void onName(NameStatus status);
    }

    /** A name that this node asked for. */
    interface Registration extends AutoCloseable {
        String name();

        /** How it went; completes within the limit, on a thread of this library. */
        CompletionStage<Result> result();

        /**
         * Whether this node owns the name now, and nobody else does if it is exclusive. False while this node's lease does not hold, and
         * for good once the name is over. As with a {@link Lease}, a check and the act after it are two moments.
         */
        boolean isHeld();

        /** Completes, with one sentence, when the name is not this node's any more or never will be. */
        CompletionStage<String> over();

        /**
         * Gives the name another value. The name stays this node's meanwhile.
         *
         * @param limit as for {@link Names#register}
         * @throws ConfigurationException if the value cannot be used
         * @throws LifecycleException if this node's names would be too long together, or the node is closed
         */
        CompletionStage<Result> change(String value, Duration limit);

        /** Withdraws the name. Idempotent; {@link #isHeld()} is false when it returns, others see it a moment later. */
        @Override
        void close();
    }

    /**
     * How a registration or a change went.
     *
     * @param reason one sentence
     */
    record Result(Outcome outcome, String reason) {
        /** Three-valued: a time-out is unknown. */
        public enum Outcome {
            /** This node owns the name with this value. */
            HELD,
            /** It does not; the reason says who does, or what to do. After a change the old value stays. */
            REFUSED,
            /**
             * The limit has passed, or the session ended. A name that was not held is not asked for any more and may be seen for a moment;
             * a change may still come.
             */
            UNKNOWN
        }
    }
}
