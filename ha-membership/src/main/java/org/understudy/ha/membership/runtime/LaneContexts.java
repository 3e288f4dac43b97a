package org.understudy.ha.membership.runtime;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongPredicate;
import java.util.function.Supplier;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.api.spi.ManagedResource.CallContext;
import org.understudy.ha.api.spi.ManagedResource.PrepareContext;
import org.understudy.ha.api.spi.ManagedResource.StartContext;
import org.understudy.ha.api.spi.ManagedResource.StopContext;
import org.understudy.ha.api.spi.SoftState;
import org.understudy.ha.membership.runtime.LeaseBoard.GrantLease;

/** What the calls of a lane tell the resources they call. A resource may keep what it was told, and ask it on any thread. */
final class LaneContexts {

    private final String group;
    private final String part;
    private final Lane.Surroundings around;
    private final LongPredicate isOver;
    private final LongPredicate isActive;

    /**
     * @param isOver whether what was started under this token is to end; any thread
     * @param isActive whether it is this token under which something may be active; any thread
     */
    LaneContexts(String group, String part, Lane.Surroundings around, LongPredicate isOver, LongPredicate isActive) {
        this.group = group;
        this.part = part;
        this.around = around;
        this.isOver = isOver;
        this.isActive = isActive;
    }

    StartContext starting(Incarnation holder, GrantLease lease, ProofKind proof, UserCall call) {
        return new Starting(holder, lease, proof, call);
    }

    PrepareContext preparing(long token, Incarnation successor, UserCall call) {
        return new Preparing(token, successor, call);
    }

    StopContext ending(long token, UserCall call) {
        return new Ending(token, call);
    }

    /** What every call is told. */
    private abstract class Told implements CallContext {
        private final UserCall call;

        private Told(UserCall call) {
            this.call = call;
        }

        @Override
        public String group() {
            return group;
        }

        @Override
        public void report(String sentence) {
            around.tell().accept(new HaEvent.Reported(group, Instance.cut(sentence)));
        }

        @Override
        public void alarm(String sentence) {
            around.tell().accept(new HaEvent.Alarm(group, Instance.cut(sentence)));
        }

        @Override
        public Duration remaining() {
            return call.remaining();
        }

        @Override
        public boolean isCancelled() {
            return call.isCancelled();
        }
    }

    private final class Starting extends Told implements StartContext {
        private final Incarnation holder;
        private final GrantLease lease;
        private final ProofKind proof;

        private Starting(Incarnation holder, GrantLease lease, ProofKind proof, UserCall call) {
            super(call);
            this.holder = holder;
            this.lease = lease;
            this.proof = proof;
        }

        @Override
        public Incarnation holder() {
            return holder;
        }

        @Override
        public EnforcedLease lease() {
            return lease;
        }

        @Override
        public ProofKind proof() {
            return proof;
        }

        @Override
        public Optional<byte[]> clusterKey(String purpose) {
            return around.clusterKey().apply(purpose);
        }

        @Override
        public <T> T inCommon(Class<T> type, Supplier<T> make) {
            return around.inCommon().of(type, make);
        }

        @Override
        public SoftState softState() {
            long token = lease.token().value();
            return around.softStates().of(part, token, mine -> isActive.test(mine) && !isOver.test(mine));
        }

        @Override
        public HostClaims claims() {
            return new Claims(holder);
        }

        @Override
        public boolean isCancelled() {
            return super.isCancelled() || isOver.test(lease.token().value());
        }
    }

    private final class Preparing extends Ending implements PrepareContext {
        private final Incarnation successor;

        private Preparing(long token, Incarnation successor, UserCall call) {
            super(token, call);
            this.successor = successor;
        }

        @Override
        public Incarnation successor() {
            return successor;
        }

        @Override
        public HostClaims claims() {
            return new Claims(successor);
        }
    }

    private class Ending extends Told implements StopContext {
        private final long token;

        private Ending(long token, UserCall call) {
            super(call);
            this.token = token;
        }

        @Override
        public FencingToken token() {
            return new FencingToken(token);
        }
    }

    /** What a life of this node claims of its host. */
    private final class Claims implements HostClaims {
        private final Incarnation life;

        private Claims(Incarnation life) {
            this.life = life;
        }

        @Override
        public int tag() {
            return around.tag().applyAsInt(life);
        }

        @Override
        public void claim(String claim) {
            around.claim().accept(claim);
        }
    }
}
