package org.understudy.ha.membership.runtime;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.membership.core.Effect.PublishLease;

/** The lease of this node's session as everybody outside the loop sees it: one immutable snapshot in one volatile field. */
public final class LeaseBoard {

    private final LongSupplier clock;
    private final long lengthNanos;
    private volatile PublishLease state = new PublishLease(Optional.empty(), false, 0);

    public LeaseBoard(LongSupplier clock, long lengthNanos) {
        this.clock = clock;
        this.lengthNanos = lengthNanos;
    }

    /** Takes the newest state; in doubt the last confirmation of the same incarnation stays readable. Called by the loop only. */
    public void publish(PublishLease newest) {
        PublishLease last = state;
        boolean isDoubt = !newest.isValid()
                && newest.incarnation().isPresent()
                && newest.incarnation().equals(last.incarnation());
        state = isDoubt ? new PublishLease(last.incarnation(), false, last.confirmedNanos()) : newest;
    }

    /** Whether this node's session holds a valid lease now. */
    public boolean isValid() {
        PublishLease now = state;
        return now.isValid() && clock.getAsLong() < now.confirmedNanos() + lengthNanos;
    }

    /** What is left of it; nothing if it is not valid. */
    public Duration remaining() {
        PublishLease now = state;
        long rest = now.isValid() ? now.confirmedNanos() + lengthNanos - clock.getAsLong() : 0;
        return Duration.ofNanos(Math.max(0, rest));
    }

    /** The lease behind one grant. */
    public GrantLease lease(Incarnation holder, FencingToken token) {
        return new GrantLease(holder, token);
    }

    /** A lease bound to one grant; over for good once {@link #end()} was called. */
    public final class GrantLease implements EnforcedLease {
        private final Incarnation holder;
        private final FencingToken token;
        private volatile boolean isEnded;

        private GrantLease(Incarnation holder, FencingToken token) {
            this.holder = holder;
            this.token = token;
        }

        public void end() {
            isEnded = true;
        }

        @Override
        public FencingToken token() {
            return token;
        }

        @Override
        public boolean isValid() {
            return state.isValid() && endNanos() > clock.getAsLong();
        }

        /** In doubt the incarnation stays, so what is not of it has ended. */
        @Override
        public boolean isOver() {
            return isEnded || state.incarnation().filter(holder::equals).isEmpty();
        }

        @Override
        public Duration remaining() {
            return isValid() ? Duration.ofNanos(Math.max(0, endNanos() - clock.getAsLong())) : Duration.ZERO;
        }

        @Override
        public long nowNanos() {
            return clock.getAsLong();
        }

        @Override
        public long confirmedNanos() {
            PublishLease now = state;
            boolean isOurs =
                    !isEnded && now.incarnation().filter(holder::equals).isPresent();
            return isOurs ? now.confirmedNanos() : 0;
        }

        @Override
        public long lengthNanos() {
            return lengthNanos;
        }

        private long endNanos() {
            long confirmed = confirmedNanos();
            return confirmed == 0 ? 0 : confirmed + lengthNanos;
        }
    }
}
