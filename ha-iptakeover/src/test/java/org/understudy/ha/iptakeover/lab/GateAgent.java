package org.understudy.ha.iptakeover.lab;

import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.GateMachine;
import org.understudy.ha.iptakeover.core.GateMachine.Action;
import org.understudy.ha.iptakeover.core.GateTiming;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.linux.LinuxAddressTable;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.NftGate;
import org.understudy.ha.iptakeover.packet.IpAddress;

/**
 * The steps of whoever keeps a gate of nf_tables open, one by one, so that a test can stop the process between any two. Driven by lines on
 * standard input, one answer line each.
 */
public final class GateAgent {
    private static final int TAG = 4711;
    private static final long REACH_NANOS_MAX = 5_000_000_000L;

    private final GateTiming timing = GateTiming.forLease(960_000_000);
    private final GateMachine machine = new GateMachine(timing);
    private @Nullable NftGate gate;
    private Action decided = Action.WAIT;
    private long confirmed;

    private GateAgent() {}

    public static void main(String[] args) throws IOException {
        GateAgent agent = new GateAgent();
        Agent.serve(agent::answer);
    }

    private String answer(String[] words) {
        try {
            return act(words);
        } catch (HaException | ResourceException e) {
            return "failed " + e.getMessage();
        }
    }

    private String act(String[] words) throws ResourceException {
        switch (words[0]) {
            case "hold":
                return hold(words[1].split(","));
            case "confirm":
                confirmed = Libc.bootNanos();
                return "ok";
            case "reach":
                return reach(Action.valueOf(words[1]));
            case "decide":
                return decide().name();
            case "write":
                return write() ? "accepted" : "refused";
            default:
                return "unknown command " + String.join(" ", words);
        }
    }

    /** Puts the addresses up behind a gate that is shut. */
    private String hold(String[] texts) throws ResourceException {
        AddressSet addresses = new AddressSet(Arrays.stream(texts)
                .map(text -> IpAddress.parse(text).orElseThrow())
                .toList());
        int index;
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            index = links.byName("lan0").orElseThrow().index();
        }
        NftGate made = new NftGate(addresses, "lan0", index);
        gate = made;
        made.create(TAG);
        try (LinuxAddressTable table = new LinuxAddressTable()) {
            table.addAll(index, addresses.all(), TAG, 600);
        }
        return "ok";
    }

    /** Goes on until that is decided, with a lease that is confirmed each time, and does not do it. */
    private String reach(Action wanted) {
        long start = System.nanoTime();
        confirmed = Libc.bootNanos();
        while (decide() != wanted) {
            if (System.nanoTime() - start > REACH_NANOS_MAX) {
                return "not reached, but " + decided;
            }
            if (decided != Action.WAIT) {
                write();
            }
            confirmed = Libc.bootNanos();
        }
        return "ok";
    }

    private Action decide() {
        decided = machine.decide(confirmed, true, Libc.bootNanos(), 0).action();
        return decided;
    }

    private boolean write() {
        NftGate present = gate;
        if (present == null) {
            throw new IllegalStateException("hold first");
        }
        long timeout = timing.timeoutMillis();
        boolean accepted = switch (decided) {
            case ARM -> present.arm(timeout);
            case OPEN -> present.open(timeout);
            case PROLONG -> present.prolong(timeout);
            default -> throw new IllegalStateException("nothing was decided");
        };
        machine.done(decided, accepted);
        return accepted;
    }
}
