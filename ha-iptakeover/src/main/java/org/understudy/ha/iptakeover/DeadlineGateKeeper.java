package org.understudy.ha.iptakeover;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.DeadlineMachine;
import org.understudy.ha.iptakeover.core.GateMachine;
import org.understudy.ha.iptakeover.spi.DeadlineGate;

/** Keeps addresses open by an absolute deadline in the kernel, see {@link DeadlineMachine}. */
final class DeadlineGateKeeper implements GateKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(DeadlineGateKeeper.class);

    /** How often in the length of a lease the deadline is moved: each turn wakes a processor, and a sixth is what it comes too late at most. */
    private static final int TURNS = 6;

    private static final long LOOK_NANOS = 5_000_000;
    private static final long RETRY_NANOS = 20_000_000;

    /** In words: "floating address 192.0.2.10". */
    private final String what;

    private final DeadlineGate gate;
    private final EnforcedLease lease;
    private final DeadlineMachine machine;

    private volatile long openUntilNanos;
    private volatile boolean open;
    /** Final: what comes after it is refused by the kernel, which is no news then. */
    private volatile boolean shut;
    /** Why it is over, if the gate is gone. */
    private volatile String gone = "";

    DeadlineGateKeeper(AddressSet addresses, DeadlineGate gate, EnforcedLease lease) {
        this.what = StandingAddresses.words(addresses);
        this.gate = gate;
        this.lease = lease;
        this.machine = new DeadlineMachine(lease.lengthNanos());
    }

    @Override
    public void open(CountDownLatch ending) throws ResourceException, InterruptedException {
        while (!open) {
            if (step() == DeadlineMachine.Action.LET_GO) {
                throw new ResourceException(Severity.SOFT, what + " cannot start: " + reason() + " before it could");
            }
            if (!open && ending.await(LOOK_NANOS, TimeUnit.NANOSECONDS)) {
                throw new InterruptedException("stopped while starting");
            }
        }
    }

    @Override
    public Turn turn() {
        if (shut) {
            return Turn.in(RETRY_NANOS);
        }
        long reopeningsBefore = machine.reopenings();
        DeadlineMachine.Action action;
        try {
            if (!gone.isEmpty()) {
                machine.gateGone();
            }
            action = step();
        } catch (PlatformException e) {
            // The outcome is unknown; whatever was written is the end of the lease.
            LOG.warn("{}: {}", what, e.getMessage());
            return Turn.in(RETRY_NANOS);
        }
        if (action == DeadlineMachine.Action.LET_GO) {
            return Turn.over(reason());
        }
        boolean isReopened = machine.reopenings() != reopeningsBefore;
        if (isReopened) {
            LOG.warn("{}: mute for a moment, the lease was confirmed late", what);
        }
        return new Turn(lease.lengthNanos() / TURNS, open, isReopened, "");
    }

    /** Which program is in front of the card is asked under the kernel's lock of the network: the deadline does not wait for that. */
    @Override
    public String problem() {
        String known = gone;
        if (known.isEmpty() && !shut) {
            known = gate.problem();
            gone = known;
        }
        return known;
    }

    /** One turn of the machine: ask, act, tell. */
    private DeadlineMachine.Action step() {
        long confirmed = lease.confirmedNanos();
        boolean valid = lease.isValid();
        long now = lease.nowNanos();
        DeadlineMachine.Decision decision = machine.decide(confirmed, valid, now);
        if (decision.action() == DeadlineMachine.Action.WRITE) {
            boolean accepted = gate.extend(decision.deadlineNanos());
            if (!accepted && shut) {
                return DeadlineMachine.Action.WAIT;
            }
            now = lease.nowNanos();
            machine.done(decision, accepted, now);
            openUntilNanos = decision.deadlineNanos();
        }
        open = machine.isOpen(now);
        return machine.loss() == GateMachine.Loss.NONE ? decision.action() : DeadlineMachine.Action.LET_GO;
    }

    private String reason() {
        if (machine.loss() == GateMachine.Loss.LEASE_OVER) {
            return "the lease is over";
        }
        return gone.isEmpty() ? "somebody removed its gate from the BPF map of the card" : gone;
    }

    @Override
    public long earlyNanos() {
        return lease.lengthNanos() / TURNS / 2;
    }

    @Override
    public boolean isOpen() {
        return open && !shut && gone.isEmpty() && lease.nowNanos() < openUntilNanos;
    }

    @Override
    public boolean isEnforced() {
        return true;
    }

    /** The card that it was attached to goes on having it under another name. */
    @Override
    public boolean isBoundToName() {
        return false;
    }

    @Override
    public void shut() {
        shut = true;
        open = false;
        gate.shut();
    }

    @Override
    public boolean remove() {
        try {
            gate.remove();
            return true;
        } catch (HaException e) {
            LOG.warn("{}: stopped, but {}", what, e.getMessage());
            return false;
        }
    }

    @Override
    public void close() {
        gate.close();
    }
}
