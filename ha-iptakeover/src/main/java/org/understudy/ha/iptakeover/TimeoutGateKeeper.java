package org.understudy.ha.iptakeover;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.GateMachine;
import org.understudy.ha.iptakeover.core.GateTiming;
import org.understudy.ha.iptakeover.spi.AddressGate;

/** Keeps a gate open by prolonging its time-out in the kernel, see {@link GateTiming}. */
final class TimeoutGateKeeper implements GateKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(TimeoutGateKeeper.class);

    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long RETRY_NANOS = 20_000_000;
    private static final int EARLY_PART = 4;

    private final AddressSet addresses;
    /** In words: "floating address 192.0.2.10". */
    private final String what;

    private final AddressGate gate;
    private final EnforcedLease lease;
    private final GateTiming timing;
    private final GateMachine machine;
    private volatile boolean open;
    /** The kernel shuts it by then, or later, unless it is prolonged. */
    private volatile long openUntilNanos;

    TimeoutGateKeeper(AddressSet addresses, AddressGate gate, EnforcedLease lease, GateTiming timing) {
        this.addresses = addresses;
        this.what = StandingAddresses.words(addresses);
        this.gate = gate;
        this.lease = lease;
        this.timing = timing;
        this.machine = new GateMachine(timing);
    }

    @Override
    public void open(CountDownLatch ending) throws ResourceException, InterruptedException {
        while (!open) {
            GateMachine.Decision decision = step();
            if (decision.action() == GateMachine.Action.LET_GO) {
                throw new ResourceException(Severity.SOFT, what + " cannot start: " + reason() + " before it could");
            }
            if (decision.action() == GateMachine.Action.WAIT
                    && ending.await(decision.nextNanos() - lease.nowNanos(), TimeUnit.NANOSECONDS)) {
                throw new InterruptedException("stopped while starting");
            }
        }
    }

    @Override
    public Turn turn() {
        long reopeningsBefore = machine.reopenings();
        GateMachine.Decision decision;
        try {
            decision = step();
        } catch (PlatformException e) {
            open = false;
            // The outcome is unknown; the machine keeps its state, and whatever it tries next compares before it
            // changes.
            LOG.warn("{}: {}", what, e.getMessage());
            return Turn.in(RETRY_NANOS);
        }
        if (decision.action() == GateMachine.Action.LET_GO) {
            return Turn.over(reason());
        }
        boolean isReopened = machine.reopenings() != reopeningsBefore;
        if (isReopened) {
            LOG.warn(
                    "{} {} mute for a moment: this process or its lease stalled",
                    what,
                    addresses.size() == 1 ? "was" : "were");
        }
        boolean isKept = decision.action() == GateMachine.Action.PROLONG && open;
        long delay =
                decision.action() == GateMachine.Action.WAIT ? Math.max(0, decision.nextNanos() - lease.nowNanos()) : 0;
        return new Turn(delay, isKept, isReopened, "");
    }

    /** One turn of the machine: ask, act, tell. */
    private GateMachine.Decision step() {
        long confirmed = lease.confirmedNanos();
        boolean valid = lease.isValid();
        long askedNanos = lease.nowNanos();
        GateMachine.Decision decision = machine.decide(confirmed, valid, askedNanos, earlyNanos());
        long timeout = timing.timeoutMillis();
        switch (decision.action()) {
            case ARM:
                machine.done(GateMachine.Action.ARM, gate.arm(timeout));
                break;
            case OPEN:
                machine.done(GateMachine.Action.OPEN, gate.open(timeout));
                break;
            case PROLONG:
                machine.done(GateMachine.Action.PROLONG, gate.prolong(timeout));
                break;
            default:
                break;
        }
        if (decision.action() != GateMachine.Action.WAIT) {
            openUntilNanos = askedNanos + timeout * NANOS_PER_MILLI;
        }
        open = machine.isOpen();
        return decision;
    }

    private String reason() {
        return machine.loss() == GateMachine.Loss.GATE_GONE
                ? "somebody removed its nf_tables gate (`nft flush ruleset`?)"
                : "the lease is over";
    }

    @Override
    public long earlyNanos() {
        return timing.refreshNanos() / EARLY_PART;
    }

    @Override
    public boolean isOpen() {
        return open && lease.nowNanos() - openUntilNanos < 0;
    }

    @Override
    public boolean isEnforced() {
        return true;
    }

    @Override
    public void shut() {
        open = false;
        gate.shut();
    }

    @Override
    public boolean remove() {
        gate.remove();
        return true;
    }

    @Override
    public void close() {
        gate.close();
    }
}
