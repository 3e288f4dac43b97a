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
        return new Context(token, call);
    }

    private final class Starting implements StartContext, HostClaims {
        private final Incarnation startHolder;
        private final GrantLease grantLease;
        private final ProofKind proof;
        private final UserCall call;

        private Starting(Incarnation startHolder, GrantLease grantLease, ProofKind proof, UserCall call) {
            this.startHolder = startHolder;
            this.grantLease = grantLease;
            this.proof = proof;
            this.call = call;
        }

        @Override
        public String group() {
            return group;
        }

        @Override
        public Incarnation holder() {
            return startHolder;
        }

        @Override
        public EnforcedLease lease() {
            return grantLease;
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
        public void report(String sentence) {
            around.tell().accept(new HaEvent.Reported(group, Instance.cut(sentence)));
        }

        @Override
        public void alarm(String sentence) {
            around.tell().accept(new HaEvent.Alarm(group, Instance.cut(sentence)));
        }

        @Override
        public <T> T inCommon(Class<T> type, Supplier<T> make) {
            return around.inCommon().of(type, make);
        }

        @Override
        public SoftState softState() {
            long token = grantLease.token().value();
            return around.softStates().of(part, token, mine -> isActive.test(mine) && !isOver.test(mine));
        }

        @Override
        public HostClaims claims() {
            return this;
        }

        @Override
        public Duration remaining() {
            return call.remaining();
        }

        @Override
        public boolean isCancelled() {
            return call.isCancelled() || isOver.test(grantLease.token().value());
        }

        @Override
        public int tag() {
            return around.tag().applyAsInt(startHolder);
        }

        @Override
        public void claim(String claim) {
            around.claim().accept(claim);
        }
    }

    private final class Preparing extends Context implements PrepareContext, HostClaims {
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
            return this;
        }

        @Override
        public int tag() {
            return around.tag().applyAsInt(successor);
        }

        @Override
        public void claim(String claim) {
            around.claim().accept(claim);
        }
    }

    private class Context implements StopContext {
        private final long token;
        private final UserCall call;

        private Context(long token, UserCall call) {
            this.token = token;
            this.call = call;
        }

        @Override
        public String group() {
            return group;
        }

        @Override
        public FencingToken token() {
            return new FencingToken(token);
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
}
