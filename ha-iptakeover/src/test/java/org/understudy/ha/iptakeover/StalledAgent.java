package org.understudy.ha.iptakeover;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.GateTiming;
import org.understudy.ha.iptakeover.lab.Agent;
import org.understudy.ha.iptakeover.lab.LabGrant;
import org.understudy.ha.iptakeover.linux.LinuxAddressTable;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.AddressTable;

/**
 * The program of a JVM in which the thread that puts addresses back can be held up right before the call that does it, after everything
 * was checked, and right after it. Driven line by line, as {@link Agent} is.
 */
final class StalledAgent {
    private final AddressSet addresses;
    private LabGrant grant = grant();
    private Optional<AddressTenure> tenure = Optional.empty();
    private volatile Stall before = Stall.none();
    private volatile Stall after = Stall.none();

    /** Where a thread waits. */
    private record Stall(CountDownLatch arrived, CountDownLatch go) {
        static Stall none() {
            return new Stall(new CountDownLatch(0), new CountDownLatch(0));
        }

        static Stall planned() {
            return new Stall(new CountDownLatch(1), new CountDownLatch(1));
        }

        void pass() {
            arrived.countDown();
            try {
                go.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private StalledAgent(List<IpAddress> all) {
        addresses = new AddressSet(all);
    }

    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Optional<StalledAgent> agent = Optional.empty();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            if (words[0].equals("use")) {
                agent = Optional.of(new StalledAgent(List.of(words[1].split(",")).stream()
                        .map(text -> IpAddress.parse(text).orElseThrow())
                        .toList()));
            }
            System.out.println(Agent.ANSWER + agent.orElseThrow().answer(words[0]));
        }
    }

    private static LabGrant grant() {
        return new LabGrant(7, ProofKind.RELEASED, 4711, "", new byte[0], () -> {});
    }

    private AddressTenure tenure() {
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            ReadyStay ready = ReadyStay.open(
                    addresses,
                    links.byName("lan0").orElseThrow(),
                    grant.claims().tag(),
                    true,
                    Optional.empty(),
                    () -> new StallingTable(new LinuxAddressTable()),
                    new CardLooks());
            return new AddressTenure(
                    addresses,
                    ready,
                    grant,
                    GateTiming.forLease(grant.lease().lengthNanos()),
                    SegmentTalk.Settings.STANDARD,
                    false,
                    AddressRoutes.Wanted.NOTHING,
                    new NodeCards(),
                    Thread::new);
        }
    }

    private String answer(String word) {
        try {
            return act(word);
        } catch (HaException | ResourceException e) {
            return "failed " + e.getMessage();
        } catch (InterruptedException e) {
            return "interrupted";
        }
    }

    private void start(AddressTenure next) throws ResourceException, InterruptedException {
        try {
            next.begin(List.of(), () -> {}, Thread::new);
            tenure = Optional.of(next);
        } catch (ResourceException | HaException e) {
            next.end();
            throw e;
        }
    }

    private String act(String word) throws InterruptedException, ResourceException {
        switch (word) {
            case "use":
                return "ok";
            case "start":
                grant = grant();
                start(tenure());
                return "ok";
            case "make-ready":
                FloatingAddress.of(addresses.all().get(0).toString(), "lan0").makeReady(4711, "serv1");
                return "ok";
            case "stall":
                before = Stall.planned();
                after = Stall.planned();
                return "ok";
            case "await-before":
                return before.arrived().await(10, TimeUnit.SECONDS) ? "ok" : "nobody came";
            case "go":
                before.go().countDown();
                return after.arrived().await(10, TimeUnit.SECONDS) ? "ok" : "nobody came";
            case "go-on":
                after.go().countDown();
                return "ok";
            case "end-lease":
                grant.end();
                return "ok";
            case "end":
                tenure.orElseThrow().end();
                return "ok";
            default:
                return "unknown command " + word;
        }
    }

    /** The kernel's, behind two stalls. */
    private final class StallingTable implements AddressTable {
        private final AddressTable table;

        StallingTable(AddressTable table) {
            this.table = table;
        }

        @Override
        public Added addMissing(int interfaceIndex, List<IpAddress> some, int tag, int validSeconds) {
            before.pass();
            // So that nothing but the stalled thread itself takes it away again.
            Added added = table.addMissing(interfaceIndex, some, tag, FOREVER);
            after.pass();
            return added;
        }

        @Override
        public void addAll(int interfaceIndex, List<IpAddress> all, int tag, int validSeconds) {
            table.addAll(interfaceIndex, all, tag, validSeconds);
        }

        @Override
        public List<IpAddress> renewAll(int interfaceIndex, List<IpAddress> all, int tag, int validSeconds) {
            return table.renewAll(interfaceIndex, all, tag, validSeconds);
        }

        @Override
        public List<IpAddress> removeAll(int interfaceIndex, List<IpAddress> all) {
            return table.removeAll(interfaceIndex, all);
        }

        @Override
        public List<Entry> list() {
            return table.list();
        }

        @Override
        public List<Entry> list(int interfaceIndex, Collection<IpAddress> some) {
            return table.list(interfaceIndex, some);
        }

        @Override
        public List<Network> networksRouted(int interfaceIndex) {
            return table.networksRouted(interfaceIndex);
        }

        @Override
        public void close() {
            table.close();
        }
    }
}
