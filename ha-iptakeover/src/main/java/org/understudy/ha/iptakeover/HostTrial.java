package org.understudy.ha.iptakeover;

import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.linux.CardGuard;
import org.understudy.ha.iptakeover.linux.LinuxAddressTable;
import org.understudy.ha.iptakeover.linux.NftGate;
import org.understudy.ha.iptakeover.linux.ProcessDevice;

/**
 * What this host can do for some addresses, found out once, and again after a start whose deadline failed where time-outs may serve.
 *
 * @param gateProblem empty if gates work
 * @param deadlineProblem empty if gates with an absolute deadline work as well
 * @param rawProblem empty if packet sockets and addresses work; a privilege that gates lack too is told there
 * @param deviceProblem empty if a device of this process can be made, or none is wanted
 */
record HostTrial(
        String gateProblem, String deadlineProblem, String rawProblem, boolean lacksPrivilege, String deviceProblem) {
    private static final int EPERM = 1;
    private static final String NO_DEADLINE_WANTED = "timeoutsOnly() was asked for";

    LeaseEnd leaseEnd() {
        if (!gateProblem.isEmpty()) {
            return LeaseEnd.OWN_CODE;
        }
        return deadlineProblem.isEmpty() ? LeaseEnd.DEADLINE : LeaseEnd.TIME_OUT;
    }

    /**
     * Tries everything out, on trial objects that are gone when this returns.
     *
     * @param mayHaveDeadline whether gates with an absolute deadline are wanted
     * @param diesWithProcess whether a device of this process is wanted
     */
    static HostTrial of(AddressSet addresses, boolean mayHaveDeadline, boolean diesWithProcess) {
        String raw = "";
        boolean lacksPrivilege = false;
        try {
            AddressTenure.warmUp(addresses);
        } catch (PlatformException e) {
            raw = e.getMessage();
        }
        String gate = "";
        try {
            NftGate.tryOut(addresses);
        } catch (PlatformException e) {
            gate = e.getMessage();
            lacksPrivilege = e.errno() == EPERM;
        }
        String deadline = !mayHaveDeadline ? NO_DEADLINE_WANTED : gate.isEmpty() ? tryDeadline(addresses) : gate;
        try {
            LinuxAddressTable.tryOut(addresses);
        } catch (PlatformException e) {
            // The same missing capability stops both, and is said once.
            boolean saidAlready = lacksPrivilege && e.errno() == EPERM;
            if (raw.isEmpty() && !saidAlready) {
                raw = e.getMessage();
            }
        }
        // What is missing for everything is said once.
        String device = diesWithProcess && !lacksPrivilege ? tryDevice() : "";
        return new HostTrial(gate, deadline, raw, lacksPrivilege, device.equals(raw) ? "" : device);
    }

    private static String tryDeadline(AddressSet addresses) {
        try {
            CardGuard.tryOut(addresses);
            return "";
        } catch (PlatformException e) {
            return e.getMessage();
        }
    }

    private static String tryDevice() {
        try {
            ProcessDevice.tryOut();
            NeighbourResponder.warmUp();
            return "";
        } catch (PlatformException e) {
            return e.getMessage();
        }
    }
}
