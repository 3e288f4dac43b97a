package org.understudy.ha.testkit.figures;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.iptakeover.FloatingAddress;
import org.understudy.ha.iptakeover.FloatingAddressBuilder;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.RivalWatch;
import org.understudy.ha.iptakeover.linux.LinuxAddressTable;
import org.understudy.ha.iptakeover.linux.LinuxHostPort;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.LinuxSegmentEar;
import org.understudy.ha.iptakeover.linux.NftGate;
import org.understudy.ha.iptakeover.linux.RawSocketAnnouncer;
import org.understudy.ha.iptakeover.packet.Announcement;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.Sighting;
import org.understudy.ha.iptakeover.packet.TokenMark;
import org.understudy.ha.iptakeover.spi.LinkTable;
import org.understudy.ha.iptakeover.spi.SegmentEar;
import org.understudy.ha.testkit.netns.Jvm;
import org.understudy.ha.testkit.netns.Namespaces;

/**
 * What moving addresses costs, on one card with one neighbour in a network namespace of its own: adding and announcing, until the neighbour
 * has confirmed, a thousand at once beside {@code ip -batch}, the first takeover of a process beside later ones, from a rival's frame to the
 * shut gate, and holding a hundred.
 *
 * <p>A target that is missed is marked so. Exit status 1 if one is, or something could not be measured.
 */
public final class AddressFigures {

    private static final String SCRATCH = "understudy.address.scratch";
    private static final String FIRST = "--first-takeover";
    private static final int TAG = 4711;
    private static final int SECONDS = 60;
    /** Enough for both compilers. */
    private static final int WARM = 4_000;

    private static final int ROUNDS = 1_000;
    private static final int BATCH = 1_000;
    private static final int BATCH_ROUNDS = 11;
    private static final int RIVALS = 400;
    private static final int PROCESSES = 5;
    private static final int LATER = 20;
    private static final long APART_NANOS = 100_000_000;
    private static final int HELD = 100;
    /** Until the last of the first announcements and tickles are out, and what is called a few times a second is compiled, as in a process that has run for a while. */
    private static final int SETTLE_SECONDS = 60;

    private static final int IDLE_SECONDS = 20;
    private static final long LOOK_NANOS = 50_000_000;
    private static final Ipv4Address VIP = Ipv4Address.parse("192.0.2.50").orElseThrow();
    private static final Ipv4Address NEIGHBOUR = Ipv4Address.parse("192.0.2.1").orElseThrow();
    private static final FencingToken TOKEN = new FencingToken(7);

    private final boolean isJson;
    private final Path scratch;
    private boolean isMissed;

    private AddressFigures(boolean isJson, Path scratch) {
        this.isJson = isJson;
        this.scratch = scratch;
    }

    /** Arguments: {@code [--json]}. */
    public static void main(String[] args) throws Exception {
        List<String> words = List.of(args);
        if (words.contains(FIRST)) {
            firstTakeover();
            System.exit(0);
        }
        if (!Namespaces.isInside()) {
            Path scratch = Files.createTempDirectory("understudy-address-");
            List<String> flags = List.of("-D" + SCRATCH + "=" + scratch, "-Djava.io.tmpdir=" + scratch);
            List<String> command = Jvm.command(256, flags, AddressFigures.class, words);
            // What is measured is the code as it runs in a server, compiled by both compilers.
            command.remove("-XX:TieredStopAtLevel=1");
            System.exit(Namespaces.available().run(scratch, command));
        }
        AddressFigures figures = new AddressFigures(words.contains("--json"), Path.of(System.getProperty(SCRATCH)));
        figures.run();
        System.exit(figures.isMissed ? 1 : 0);
    }

    private void run() throws Exception {
        sh("ip netns add neighbour");
        sh("ip link add lan0 type veth peer name eth0 netns neighbour");
        sh("ip addr add 192.0.2.2/24 dev lan0");
        sh("ip link set lan0 up");
        sh("ip -n neighbour addr add 192.0.2.1/24 dev eth0");
        sh("ip -n neighbour link set eth0 up");
        sh("ip link add card0 type veth peer name card1");
        sh("ip link set card0 up");
        sh("ip link set card1 up");
        addAndAnnounce();
        confirmed();
        batch();
        rival();
        first();
        idle();
    }

    // ---- one address ---------------------------------------------------------------------------------------------

    private void addAndAnnounce() {
        LinkTable.Link link = link("lan0");
        List<Long> nanos = new ArrayList<>();
        try (LinuxAddressTable table = new LinuxAddressTable();
                RawSocketAnnouncer announcer = new RawSocketAnnouncer(link.index())) {
            Announcement announcement = announcement(link, Optional.empty());
            for (int i = -WARM; i < ROUNDS; i++) {
                long begin = System.nanoTime();
                table.addAll(link.index(), List.of(VIP), TAG, SECONDS);
                announcer.send(announcement.of(List.of(VIP)));
                long end = System.nanoTime();
                table.removeAll(link.index(), List.of(VIP));
                keep(nanos, i, end - begin);
            }
        }
        tell("add and announce one address", "us", 25, micros(nanos));
    }

    private void confirmed() throws InterruptedException {
        LinkTable.Link link = link("lan0");
        MacAddress own = link.mac().orElseThrow();
        SynchronousQueue<Long> answers = new SynchronousQueue<>();
        List<Long> nanos = new ArrayList<>();
        try (LinuxAddressTable table = new LinuxAddressTable();
                LinuxSegmentEar ear = new LinuxSegmentEar(
                        link.index(),
                        List.of(VIP),
                        (at, sighting) -> {
                            if (sighting.form() == Sighting.Form.ANSWER
                                    && sighting.sender().equals(NEIGHBOUR)) {
                                hand(answers, at);
                            }
                        },
                        Thread::new,
                        "ear")) {
            Announcement announcement = announcement(link, Optional.empty());
            for (int i = -WARM; i < ROUNDS; i++) {
                long begin = System.nanoTime();
                table.addAll(link.index(), List.of(VIP), TAG, SECONDS);
                announcement.of(List.of(VIP)).forEach(ear::send);
                ear.send(announcement.question(VIP, NEIGHBOUR, MacAddress.BROADCAST));
                Long at = answers.poll(5, TimeUnit.SECONDS);
                table.removeAll(link.index(), List.of(VIP));
                if (at == null) {
                    throw new LifecycleException("the neighbour did not answer " + own);
                }
                keep(nanos, i, at - begin);
            }
        }
        tell("add, announce, and the neighbour has confirmed", "us", 100, micros(nanos));
    }

    private static void hand(SynchronousQueue<Long> answers, long at) {
        try {
            answers.offer(at, 1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** From the moment a newer owner's frame is sent, on the other end of a cable, until the gate is shut. */
    private void rival() throws InterruptedException {
        LinkTable.Link card = link("card0");
        LinkTable.Link other = link("card1");
        AddressSet addresses = new AddressSet(List.of(VIP));
        TokenMark marks =
                new TokenMark("a key of at least sixteen bytes".getBytes(StandardCharsets.US_ASCII), "figures");
        SynchronousQueue<Long> shut = new SynchronousQueue<>();
        List<Long> nanos = new ArrayList<>();
        try (NftGate gate = new NftGate(addresses, card.name(), card.index());
                RawSocketAnnouncer rival = new RawSocketAnnouncer(other.index())) {
            gate.create(TAG);
            SegmentEar ear = new LinuxSegmentEar(
                    card.index(),
                    addresses.all(),
                    (at, sighting) -> {
                        RivalWatch watch =
                                new RivalWatch(VIP, card.mac().orElseThrow(), TOKEN, RivalWatch.Policy.DEFEND);
                        if (watch.decide(at, sighting, marks.token(sighting)).action() == RivalWatch.Action.YIELD) {
                            gate.shut();
                            hand(shut, System.nanoTime());
                        }
                    },
                    Thread::new,
                    "ear");
            try {
                Announcement announcement = new Announcement(
                        other.mac().orElseThrow(), false, Optional.of(marks), new FencingToken(TOKEN.value() + 1));
                for (int i = -WARM; i < RIVALS; i++) {
                    gate.arm(60_000);
                    gate.open(60_000);
                    var frames = announcement.of(List.of(VIP)).subList(0, 1);
                    long begin = System.nanoTime();
                    rival.send(frames);
                    Long at = shut.poll(5, TimeUnit.SECONDS);
                    if (at == null) {
                        throw new LifecycleException("the rival was not heard");
                    }
                    keep(nanos, i, at - begin);
                }
            } finally {
                ear.close();
            }
            gate.remove();
        }
        Collections.sort(nanos);
        List<Double> all = micros(nanos);
        tell("a newer owner's frame to the shut gate, p99", "us", 1_000, List.of(all.get(all.size() * 99 / 100)));
        tell("a newer owner's frame to the shut gate, p50", "us", 1_000, all);
    }

    // ---- a thousand ------------------------------------------------------------------------------------------------

    private void batch() throws IOException {
        LinkTable.Link link = link("lan0");
        List<IpAddress> many = IntStream.range(0, BATCH)
                .mapToObj(i -> (IpAddress) new Ipv4Address(0x0a000001 + i))
                .toList();
        Path file = scratch.resolve("batch");
        Files.write(
                file, many.stream().map(a -> "addr add " + a + "/32 dev lan0").toList());
        List<Double> ours = new ArrayList<>();
        List<Double> theirs = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        try (LinuxAddressTable table = new LinuxAddressTable();
                RawSocketAnnouncer announcer = new RawSocketAnnouncer(link.index())) {
            Announcement announcement = announcement(link, Optional.empty());
            for (int i = -1; i < BATCH_ROUNDS; i++) {
                long begin = System.nanoTime();
                table.addAll(link.index(), many, TAG, SECONDS);
                announcer.send(announcement.of(many));
                double mine = (System.nanoTime() - begin) / 1e6;
                table.removeAll(link.index(), many);
                begin = System.nanoTime();
                sh("ip -batch " + file);
                double tool = (System.nanoTime() - begin) / 1e6;
                table.removeAll(link.index(), many);
                if (i >= 0) {
                    ours.add(mine);
                    theirs.add(tool);
                    ratios.add(mine / tool);
                }
            }
        }
        tell("add and announce 1000 addresses", "ms", Double.NaN, ours);
        tell("ip -batch, adding alone", "ms", Double.NaN, theirs);
        tell("ratio of the two", "x", 0.5, ratios);
    }

    // ---- a whole resource ------------------------------------------------------------------------------------------

    private void first() throws IOException, InterruptedException {
        List<Double> ratios = new ArrayList<>();
        List<Double> firsts = new ArrayList<>();
        for (int i = 0; i < PROCESSES; i++) {
            Process child = new ProcessBuilder(Jvm.command(64, List.of(), AddressFigures.class, List.of(FIRST)))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (child.waitFor() != 0) {
                throw new LifecycleException(
                        "the process that takes over ended with " + child.exitValue() + ": " + said);
            }
            String[] words = said.strip().split("\\s+");
            firsts.add(Double.parseDouble(words[words.length - 2]));
            ratios.add(Double.parseDouble(words[words.length - 2]) / Double.parseDouble(words[words.length - 1]));
        }
        tell("first takeover of a process", "ms", Double.NaN, firsts);
        tell("beside its later ones", "x", 3, ratios);
    }

    /** In a process of its own: prints the first start and the median of the later ones, in milliseconds. */
    private static void firstTakeover() throws ResourceException, InterruptedException {
        FloatingAddress address = FloatingAddress.of(VIP.toString(), "lan0");
        // What registering the group does.
        address.enforcements();
        address.eligibility();
        address.probe();
        List<Double> millis = new ArrayList<>();
        for (int i = 0; i <= LATER; i++) {
            Lease lease = new Lease();
            long begin = System.nanoTime();
            address.start(new Start(lease));
            millis.add((System.nanoTime() - begin) / 1e6);
            address.stop(STOP);
            lease.isOver = true;
            // A start right behind a stop waits for the kernel to have taken the old gate's rules away, and a takeover
            // does not.
            LockSupport.parkNanos(APART_NANOS);
        }
        double first = millis.remove(0);
        System.out.printf(Locale.ROOT, "%.3f %.3f%n", first, median(millis));
    }

    private void idle() throws ResourceException, InterruptedException {
        FloatingAddressBuilder builder = FloatingAddress.builder().networkInterface("lan0");
        List<FloatingAddress> each = new ArrayList<>();
        for (int i = 0; i < HELD; i++) {
            String address = "192.0.2." + (100 + i);
            builder.address(address);
            each.add(FloatingAddress.of(address, "lan0"));
        }
        tell("looking at nothing every 50 ms", "% of a core", Double.NaN, List.of(share(List.of())));
        tell(
                "holding 100 addresses, looked at every 50 ms",
                "% of a core",
                0.2,
                List.of(share(List.of(builder.build()))));
        tell("the same as 100 resources of one", "% of a core", Double.NaN, List.of(share(each)));
    }

    /** Of a core, in percent: what the threads of the addresses and the one that looks after them use, without those that compile. */
    private static double share(List<FloatingAddress> held) throws ResourceException, InterruptedException {
        Lease lease = new Lease();
        for (FloatingAddress one : held) {
            one.start(new Start(lease));
        }
        look(held, SETTLE_SECONDS);
        long begin = System.nanoTime();
        long processor = processorNanos();
        look(held, IDLE_SECONDS);
        double share = 100.0 * (processorNanos() - processor) / (System.nanoTime() - begin);
        for (FloatingAddress one : held) {
            one.stop(STOP);
            one.retire();
        }
        lease.isOver = true;
        return share;
    }

    private static void look(List<FloatingAddress> held, int seconds) {
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(seconds)) {
            // The cheapest way to wait: what is to be seen is what looking costs.
            LockSupport.parkNanos(LOOK_NANOS);
            held.forEach(FloatingAddress::monitor);
        }
    }

    private static long processorNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long own = threads.getCurrentThreadCpuTime();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            own += thread.getName().startsWith("ha-") ? Math.max(0, threads.getThreadCpuTime(thread.getId())) : 0;
        }
        return own;
    }

    /** A lease that is confirmed ten times a second. */
    private static final class Lease implements EnforcedLease {
        private static final long LENGTH = 960_000_000L;
        private static final long RENEWED = 100_000_000L;
        private final LinuxHostPort port = new LinuxHostPort();
        private final Map<Class<?>, Object> inCommon = new ConcurrentHashMap<>();
        private volatile boolean isOver;

        @Override
        public FencingToken token() {
            return TOKEN;
        }

        @Override
        public boolean isValid() {
            return !isOver;
        }

        @Override
        public Duration remaining() {
            return isOver ? Duration.ZERO : Duration.ofNanos(LENGTH);
        }

        @Override
        public long nowNanos() {
            return port.bootNanos();
        }

        @Override
        public long confirmedNanos() {
            long now = port.bootNanos();
            return now - now % RENEWED;
        }

        @Override
        public long lengthNanos() {
            return LENGTH;
        }
    }

    /** Each lease is that of a node of its own. */
    private record Start(Lease lease) implements ManagedResource.StartContext {
        @Override
        public <T> T inCommon(Class<T> type, Supplier<T> make) {
            return type.cast(lease.inCommon.computeIfAbsent(type, key -> make.get()));
        }

        @Override
        public String group() {
            return "figures";
        }

        @Override
        public Incarnation holder() {
            return new Incarnation(NodeId.of("serv1"), 1);
        }

        @Override
        public ProofKind proof() {
            return ProofKind.DIED;
        }

        @Override
        public HostClaims claims() {
            return new HostClaims() {
                @Override
                public int tag() {
                    return TAG;
                }

                @Override
                public void claim(String claim) {
                    // Nobody dies here.
                }
            };
        }
    }

    private static final ManagedResource.StopContext STOP = new ManagedResource.StopContext() {
        @Override
        public String group() {
            return "figures";
        }

        @Override
        public FencingToken token() {
            return TOKEN;
        }
    };

    // ---- counting --------------------------------------------------------------------------------------------------

    private static Announcement announcement(LinkTable.Link link, Optional<TokenMark> marks) {
        return new Announcement(link.mac().orElseThrow(), false, marks, TOKEN);
    }

    private static LinkTable.Link link(String name) {
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            return links.byName(name).orElseThrow();
        }
    }

    private static void keep(List<Long> nanos, int round, long value) {
        if (round >= 0) {
            nanos.add(value);
        }
    }

    private static List<Double> micros(List<Long> nanos) {
        return nanos.stream().map(n -> n / 1e3).toList();
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private void tell(String what, String unit, double wanted, List<Double> values) {
        double median = median(values);
        List<Double> sorted = values.stream().sorted().toList();
        boolean isWanted = !Double.isNaN(wanted);
        isMissed |= isWanted && median > wanted;
        if (isJson) {
            System.out.printf(
                    Locale.ROOT,
                    "{\"figure\":\"address\",\"what\":\"%s\",\"unit\":\"%s\",\"median\":%.3f,\"min\":%.3f,\"max\":%.3f,\"wanted\":%s}%n",
                    what,
                    unit,
                    median,
                    sorted.get(0),
                    sorted.get(sorted.size() - 1),
                    isWanted ? String.format(Locale.ROOT, "%.3f", wanted) : "null");
        } else {
            System.out.printf(
                    Locale.ROOT,
                    "%-50s %10.2f %-12s (%.2f to %.2f)%s%n",
                    what,
                    median,
                    unit,
                    sorted.get(0),
                    sorted.get(sorted.size() - 1),
                    isWanted
                            ? String.format(
                                    Locale.ROOT, ", wanted at most %.1f%s", wanted, median > wanted ? ": missed" : "")
                            : "");
        }
    }

    private static void sh(String command) {
        try {
            Process process = new ProcessBuilder("sh", "-c", command)
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new LifecycleException(command + " failed: " + said);
            }
        } catch (IOException e) {
            throw new LifecycleException(command + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LifecycleException(command + " was interrupted", e);
        }
    }
}
