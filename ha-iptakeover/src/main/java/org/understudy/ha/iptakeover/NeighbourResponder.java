package org.understudy.ha.iptakeover;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.HaException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.NeighbourAnswers;
import org.understudy.ha.iptakeover.linux.LinuxSegmentEar;
import org.understudy.ha.iptakeover.linux.SolicitedGroups;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.NeighbourMessage;
import org.understudy.ha.iptakeover.packet.Sighting;
import org.understudy.ha.iptakeover.spi.LinkTable;
import org.understudy.ha.iptakeover.spi.SegmentEar;

/**
 * Answers neighbour solicitations on a card for IPv6 addresses that stand on another device of this host. Ends with the process, and
 * the switches hear that the groups were left.
 *
 * <p><b>Concurrency.</b> One thread of its own, so that nothing else that is heard or told delays an answer. What it says passes the gate
 * like every other frame.
 */
final class NeighbourResponder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NeighbourResponder.class);

    private final AddressSet addresses;
    private final boolean isRouter;
    private volatile NeighbourAnswers answers;
    private final BooleanSupplier mayAnswer;
    private final ReentrantLock turn = new ReentrantLock();
    private boolean isSilent;
    private final SolicitedGroups groups;
    private volatile @Nullable SegmentEar ear;

    /**
     * Joins the groups and answers from now on, as long as it may.
     *
     * @param mayAnswer asked before each answer, on the thread; must not block
     * @throws org.understudy.ha.api.PlatformException EPERM without CAP_NET_RAW, EINVAL if the card has no IPv6
     */
    NeighbourResponder(
            AddressSet addresses,
            LinkTable.Link link,
            boolean isRouter,
            BooleanSupplier mayAnswer,
            ThreadFactory threads,
            String threadName) {
        this.addresses = addresses;
        this.isRouter = isRouter;
        this.answers = new NeighbourAnswers(addresses, link.mac().orElse(MacAddress.ZERO), isRouter);
        this.mayAnswer = mayAnswer;
        this.groups = new SolicitedGroups(link.index(), addresses.ofVersion(true));
        boolean isOpen = false;
        try {
            ear = new LinuxSegmentEar(
                    link.index(),
                    addresses.ofVersion(true),
                    (nanos, sighting) -> answer(sighting),
                    threads,
                    threadName);
            isOpen = true;
        } finally {
            if (!isOpen) {
                groups.close();
            }
        }
    }

    /** Loads what a start would have to load, so that it does not; joins nothing and says nothing. */
    static void warmUp() {
        Ipv6Address nobody = Ipv6Address.ANY;
        NeighbourAnswers warm = new NeighbourAnswers(new AddressSet(List.of(nobody)), MacAddress.ZERO, false);
        Sighting.of(NeighbourMessage.probe(nobody).frameFrom(MacAddress.BROADCAST))
                .ifPresent(warm::to);
        new SolicitedGroups(Integer.MAX_VALUE, List.of()).close();
    }

    private void answer(Sighting sighting) {
        SegmentEar open = ear;
        Optional<EthernetFrame> answer = answers.to(sighting);
        if (open == null || answer.isEmpty()) {
            return;
        }
        turn.lock();
        try {
            if (!isSilent && mayAnswer.getAsBoolean()) {
                open.send(answer.get());
            }
        } catch (HaException e) {
            // Whoever asked asks again.
            LOG.debug("{}: {} got no answer: {}", sighting.target(), sighting.sender(), e.getMessage());
        } finally {
            turn.unlock();
        }
    }

    /** The card has another hardware address. Any thread. */
    void follow(MacAddress mac) {
        answers = new NeighbourAnswers(addresses, mac, isRouter);
    }

    /** When it returns nothing more is said: the next owner announces itself, and a later answer would take neighbours back. */
    void silence() {
        turn.lock();
        try {
            isSilent = true;
        } finally {
            turn.unlock();
        }
    }

    /** Why nobody is answered any more; empty while all is well. Any thread. */
    Optional<String> problem() {
        SegmentEar open = ear;
        return open == null ? Optional.empty() : open.problem();
    }

    @Override
    public void close() {
        SegmentEar open = ear;
        if (open != null) {
            open.close();
        }
        groups.close();
    }
}
