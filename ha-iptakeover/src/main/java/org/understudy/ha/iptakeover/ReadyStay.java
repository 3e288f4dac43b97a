package org.understudy.ha.iptakeover;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.GateTiming;
import org.understudy.ha.iptakeover.linux.CardGuard;
import org.understudy.ha.iptakeover.linux.GateLook;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.NftGate;
import org.understudy.ha.iptakeover.linux.RawSocketAnnouncer;
import org.understudy.ha.iptakeover.spi.AddressAnnouncer;
import org.understudy.ha.iptakeover.spi.AddressGate;
import org.understudy.ha.iptakeover.spi.AddressTable;
import org.understudy.ha.iptakeover.spi.DeadlineGate;
import org.understudy.ha.iptakeover.spi.LinkTable;

/**
 * What a stay needs that can be had before its grant: the sockets, and the gate, shut; and what is left of it after a stay for the next one, the sockets. The addresses are not among it: with them local, programs of this
 * host would no longer reach their owner. The gate keeps nothing from those: it drops what comes in <i>for</i> the addresses and what leaves <i>from</i> them. It mutes an
 * owner in a macvlan behind the same card; a host that forwards makes none ready. No packet is sent.
 *
 * <p>A process that dies in between leaves a shut gate, as one that dies after its addresses were taken away: the next start takes it over, and so do last rites
 * by its tag.
 *
 * <p><b>Concurrency.</b> One thread at a time.
 */
final class ReadyStay {
    private static final Logger LOG = LoggerFactory.getLogger(ReadyStay.class);

    private final AddressSet addresses;
    private LinkTable.Link link;
    private int tag;
    private final Optional<CardGuard> guard;
    private final LinkTable links;
    private final AddressTable table;
    /** Null where this host has no gates. */
    private final @Nullable GateLook gates;
    /** Closed while nothing is made ready: closing it takes 8 ms, also in a process that is being killed. */
    private @Nullable AddressAnnouncer announcer;
    /** One of the two, or none where this host has no gates. */
    private final @Nullable DeadlineGate deadline;

    private final @Nullable AddressGate timeouts;
    /** Some of a gate may be there, though making it failed. */
    private boolean isTried;

    private boolean isShut;
    /** Looks of whoever has it now. */
    private final AtomicReference<CardGuard.Heads> heads;

    ReadyStay(
            AddressSet addresses,
            LinkTable.Link link,
            int tag,
            Optional<CardGuard> guard,
            LinkTable links,
            AddressTable table,
            @Nullable GateLook gates,
            @Nullable AddressAnnouncer announcer,
            @Nullable DeadlineGate deadline,
            @Nullable AddressGate timeouts,
            AtomicReference<CardGuard.Heads> heads) {
        this.addresses = addresses;
        this.heads = heads;
        this.link = link;
        this.tag = tag;
        this.guard = guard;
        this.links = links;
        this.table = table;
        this.gates = gates;
        this.announcer = announcer;
        this.deadline = deadline;
        this.timeouts = timeouts;
    }

    /**
     * Opens the sockets; changes nothing in the kernel.
     *
     * @param isGated whether this host has gates
     * @param guard of the card; empty where time-outs must serve
     * @param tables opens the table of addresses
     * @throws org.understudy.ha.api.PlatformException if a socket cannot be opened
     */
    static ReadyStay open(
            AddressSet addresses,
            LinkTable.Link link,
            int tag,
            boolean isGated,
            Optional<CardGuard> guard,
            Supplier<AddressTable> tables,
            CardGuard.Heads heads) {
        AtomicReference<CardGuard.Heads> asked = new AtomicReference<>(heads);
        List<AutoCloseable> opened = new ArrayList<>();
        try {
            LinkTable links = AddressTenure.remember(opened, new LinuxLinkTable());
            AddressTable table = AddressTenure.remember(opened, tables.get());
            GateLook gates = isGated ? AddressTenure.remember(opened, new GateLook()) : null;
            AddressAnnouncer announcer = AddressTenure.remember(opened, new RawSocketAnnouncer(link.index()));
            DeadlineGate deadline = null;
            AddressGate timeouts = null;
            if (isGated && guard.isPresent()) {
                deadline = AddressTenure.remember(
                        opened,
                        guard.get()
                                .gate(
                                        addresses,
                                        (index, direction, look) -> asked.get().first(index, direction, look)));
            } else if (isGated) {
                timeouts = AddressTenure.remember(opened, new NftGate(addresses, link.name(), link.index()));
            }
            opened.clear();
            return new ReadyStay(
                    addresses, link, tag, guard, links, table, gates, announcer, deadline, timeouts, asked);
        } finally {
            AddressTenure.closeAll(opened);
        }
    }

    /**
     * What the next stay can use of one that has ended and whose gate was removed: the sockets. They are closed with what is returned, and not by the stay that had
     * them. Nothing of it is in the kernel.
     *
     * @return empty where the gate was not removed whole, and with time-outs: their calls name no stay, so one that comes late would be another's
     */
    Optional<ReadyStay> again() {
        DeadlineGate ended = deadline;
        if (ended == null || guard.isEmpty()) {
            return Optional.empty();
        }
        AtomicReference<CardGuard.Heads> asked = new AtomicReference<>(heads.get());
        return guard.get()
                .again(ended, (index, direction, look) -> asked.get().first(index, direction, look))
                .map(gate -> new ReadyStay(addresses, link, tag, guard, links, table, gates, null, gate, null, asked));
    }

    /**
     * Makes the gate, shut. One of a deadline that is made stays; time-outs are made anew, in one transaction.
     *
     * @throws org.understudy.ha.api.PlatformException if the kernel refuses, or a living process has it
     * @throws ResourceException if it cannot be had now
     */
    void shut() throws ResourceException {
        // Time-outs of older kernels go with any `nft flush ruleset`, and leave a card that is renamed.
        if (isShut && timeouts == null) {
            return;
        }
        isTried = true;
        if (deadline != null) {
            deadline.create(tag);
        } else if (timeouts != null) {
            timeouts.create(tag);
        }
        isShut = true;
    }

    /** Whether there is a gate in the kernel, or may be. */
    boolean isShut() {
        return isShut;
    }

    /** For a start on this node now, with the card as it is, and an incarnation that it fits. */
    void serve(LinkTable.Link present, int presentTag, CardGuard.Heads shared) {
        link = present;
        tag = presentTag;
        heads.set(shared);
    }

    /** See {@link GateLook#isLeftBehind}; false where this host has no gates. */
    boolean isAnotherLeftBehind() {
        return gates != null && gates.isLeftBehind(addresses);
    }

    /** Whether it can still serve a start with these. */
    boolean fits(LinkTable.Link present, int presentTag, boolean isGated, Optional<CardGuard> presentGuard) {
        boolean isSame = present.index() == link.index()
                && present.name().equals(link.name())
                && present.mac().equals(link.mac())
                && (presentTag == tag || !isTried)
                && isGated == (deadline != null || timeouts != null)
                && presentGuard.orElse(null) == guard.orElse(null);
        DeadlineGate gate = deadline;
        try {
            return isSame && (gate == null || !isShut || gate.problem().isEmpty() && gate.isWhole());
        } catch (HaException e) {
            LOG.info("{}: what was made ready is made anew: {}", addresses, e.getMessage());
            return false;
        }
    }

    /** What keeps the gate open, see {@link LeaseEnd}. */
    LeaseEnd leaseEnd() {
        if (deadline != null) {
            return LeaseEnd.DEADLINE;
        }
        return timeouts == null ? LeaseEnd.OWN_CODE : LeaseEnd.TIME_OUT;
    }

    GateKeeper keeper(EnforcedLease lease, @Nullable GateTiming timing) {
        if (deadline != null) {
            return new DeadlineGateKeeper(addresses, deadline, lease);
        }
        return timeouts == null || timing == null
                ? new CooperativeGateKeeper(lease)
                : new TimeoutGateKeeper(addresses, timeouts, lease, timing);
    }

    LinkTable.Link link() {
        return link;
    }

    int tag() {
        return tag;
    }

    LinkTable links() {
        return links;
    }

    AddressTable table() {
        return table;
    }

    /** Opened if it is not. Whoever asks closes it. */
    AddressAnnouncer announcer() {
        AddressAnnouncer present = announcer;
        if (present == null) {
            present = new RawSocketAnnouncer(link.index());
            announcer = present;
        }
        return present;
    }

    /** The sockets that the next stay may take over, see {@link #again()}. */
    List<AutoCloseable> sockets() {
        return gates == null ? List.of(links, table) : List.of(links, table, gates);
    }

    /**
     * Nobody starts with it: takes the gate away again, what there is of it, and closes everything. What fails is left, shut, and logged; so is a gate in front of
     * what somebody has put up on this host meanwhile, whoever that is: it would speak beside the owner.
     *
     * @return false if a gate is left
     */
    boolean discard() {
        boolean isGone = false;
        try {
            isGone = takeGateAway();
        } finally {
            closeAll(sockets());
        }
        return isGone;
    }

    /**
     * As {@link #discard}, but where deadlines serve the sockets stay open for the next stay, see {@link #again()}.
     *
     * @param kept receives what that goes on with, if there is anything
     */
    boolean giveBack(Consumer<ReadyStay> kept) {
        boolean isGone = false;
        Optional<ReadyStay> next = Optional.empty();
        try {
            isGone = takeGateAway();
            next = isGone ? again() : next;
        } finally {
            closeAll(next.isPresent() ? List.of() : sockets());
        }
        next.ifPresent(kept);
        return isGone;
    }

    private void closeAll(List<AutoCloseable> sockets) {
        List<AutoCloseable> all = new ArrayList<>(sockets);
        if (announcer != null) {
            all.add(announcer);
        }
        if (deadline != null) {
            all.add(deadline);
        }
        if (timeouts != null) {
            all.add(timeouts);
        }
        AddressTenure.closeAll(all);
    }

    private boolean takeGateAway() {
        try {
            if (!isTried || timeouts != null && !isShut) {
                return true;
            }
            if (table.list().stream().anyMatch(entry -> addresses.contains(entry.address()))) {
                LOG.warn("{}: a gate that was made ready is left, shut, because one of them stands here", addresses);
                return false;
            }
            if (deadline != null) {
                deadline.remove();
            } else if (timeouts != null) {
                timeouts.remove();
            }
            return true;
        } catch (HaException e) {
            LOG.info("{}: of a gate that was made ready something may be left, shut: {}", addresses, e.getMessage());
            return false;
        }
    }
}
