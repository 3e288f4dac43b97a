package org.understudy.ha.iptakeover.lab;

import com.sun.jna.Function;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.iptakeover.FloatingAddress;
import org.understudy.ha.iptakeover.FloatingAddressBuilder;
import org.understudy.ha.iptakeover.FloatingRoute;
import org.understudy.ha.iptakeover.RivalPolicy;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.linux.LinuxHostPort;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.RawSocketAnnouncer;
import org.understudy.ha.iptakeover.netlink.LinkMessage;
import org.understudy.ha.iptakeover.netlink.NetlinkAttribute;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.packet.Announcement;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.LinkTable;

/** The program of a {@link LabJvm}: one floating address, driven by lines on standard input, one answer line each. */
public final class Agent {
    /** Marks an answer among lines of the log. */
    public static final String ANSWER = "> ";

    /** {@code AF_NETLINK}, {@code sys/socket.h}; below {@code linux/rtnetlink.h}, {@code linux/if_link.h} and {@code linux/if.h}. */
    private static final int NETLINK = 16;

    private static final int RTMGRP_LINK = 1;
    private static final int IFLA_IFNAME = 3;
    private static final int IFLA_EVENT = 44;
    private static final int UP_AND_RUNNING = 0x11043;

    private final Faults faults = new Faults();
    private FloatingAddress address = FloatingAddress.builder()
            .address("192.0.2.50")
            .networkInterface("lan0")
            .build();
    private @Nullable LabGrant grant;
    private long token = 7;
    /** Empty: the cluster has no key. */
    private String keyWord = "";
    /** Soft state of the last owner. */
    private byte[] heard = new byte[0];
    /** What somebody does between the look at the host and the change. */
    private String rivalCommand = "";

    /** As a node has it. */
    private final Map<Class<?>, Object> common = new ConcurrentHashMap<>();

    private final LinuxHostPort port = new LinuxHostPort();

    private Agent() {}

    public static void main(String[] args) throws IOException {
        Agent agent = new Agent();
        serve(agent::answer);
    }

    /** What an agent does with the words of a line. */
    interface Answering {
        String answer(String[] words) throws IOException;
    }

    /** Answers each line of standard input with one line, until there are no more. */
    static void serve(Answering agent) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(ANSWER + agent.answer(line.split(" ")).replace('\n', ' '));
        }
    }

    private String answer(String[] words) {
        try {
            return act(words);
        } catch (ResourceException e) {
            return "refused " + e.severity() + " " + e.getMessage();
        } catch (HaException e) {
            return "failed " + e.getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted";
        }
    }

    private String act(String[] words) throws ResourceException, InterruptedException {
        switch (words[0]) {
            case "use":
                address = use(words);
                return "ok";
            case "token":
                token = Long.parseLong(words[1]);
                return "ok";
            case "key":
                keyWord = words[1];
                return "ok";
            case "hear":
                heard = HexFormat.of().parseHex(words[1]);
                return "ok";
            case "told":
                return grant == null ? "" : HexFormat.of().formatHex(grant.told());
            case "alarms":
                return grant == null ? "[]" : grant.alarms().toString();
            case "reports":
                return grant == null ? "[]" : grant.reports().toString();
            case "takeovers":
                return address.takeovers().toString();
            case "answering":
                return address.answering(Duration.ofMillis(Long.parseLong(words[1])))
                        .toString();
            case "enforcements":
                return address.enforcements().toString();
            case "check":
                address.check();
                return "ok";
            case "start":
                start(ProofKind.valueOf(words[1]), Integer.parseInt(words[2]));
                return "ok";
            case "start-failing":
                return startWith(words, true);
            case "start-beside":
                return startWith(words, false);
            case "prepare":
                prepare(Integer.parseInt(words[1]));
                return "ok";
            case "also":
                also(words);
                return "ok";
            case "child":
                return child();
            case "native-child":
                return nativeChild();
            case "rival-at-next-start":
                rivalCommand = String.join(" ", words).substring(words[0].length() + 1);
                return "ok";
            case "stop":
                stop();
                return "ok";
            case "end-lease":
                if (grant != null) {
                    grant.testLease().end();
                }
                return "ok";
            case "starve-lease":
                if (grant != null) {
                    grant.testLease().stopConfirming();
                }
                return "ok";
            case "monitor":
                Health health = address.monitor();
                return health.state() + " " + health.severity() + " " + health.reason();
            case "probe":
                return address.probe() + " " + address.rival().orElse("-");
            case "eligibility":
                return address.eligibility().toString();
            case "warm-up":
                port.warmUp();
                return "ok";
            case "announce":
                return announce();
            case "say":
                return say();
            case "tell":
                return tell(words[1], Integer.parseInt(words[2]));
            case "remains":
                return address.remains().toString();
            case "rites":
                return rites(words);
            case "after-rites":
                port.afterRites();
                return "ok";
            case "unprepare":
                address.unprepare();
                return "ok";
            case "retire":
                address.retire();
                return "ok";
            case "lease-end":
                return address.leaseEnd().name();
            case "fds":
                return Descriptors.open().toString();
            case "threads":
                return Thread.getAllStackTraces().keySet().stream()
                        .map(Thread::getName)
                        .filter(n -> n.startsWith("ha-"))
                        .sorted()
                        .toList()
                        .toString();
            case "bench":
                return bench(Integer.parseInt(words[1]));
            case "monitor-cost":
                return monitorCost();
            default:
                return "unknown command " + String.join(" ", words);
        }
    }

    /** {@code use ADDRESS,... INTERFACE [deaf] [dying] [timeouts] [deadline] [rivals=POLICY] [confirm=ADDRESS] [label=LABEL] [route=ROUTE] [rule=TABLE]}. */
    private FloatingAddress use(String[] words) {
        FloatingAddressBuilder builder = FloatingAddress.builder()
                .threads(faults)
                .addresses(List.of(words[1].split(",")))
                .networkInterface(words[2]);
        for (String option : Arrays.asList(words).subList(3, words.length)) {
            String value = option.substring(option.indexOf('=') + 1);
            if (option.startsWith("rivals=")) {
                builder.rivals(RivalPolicy.valueOf(value));
            } else if (option.startsWith("confirm=")) {
                builder.confirmWith(value);
            } else if (option.equals("dying")) {
                builder.diesWithProcess();
            } else if (option.equals("timeouts")) {
                builder.timeoutsOnly();
            } else if (option.equals("deadline")) {
                builder.absoluteDeadline();
            } else if (option.startsWith("label=")) {
                builder.label(value);
            } else if (option.startsWith("route=")) {
                builder.route(route(value.split(",")));
            } else if (option.startsWith("rule=")) {
                builder.rule(Integer.parseInt(value));
            } else if (option.equals("deaf")) {
                builder.withoutListening();
            }
        }
        return builder.build();
    }

    /** {@code DESTINATION[,via=ROUTER][,table=N][,metric=N]}. */
    private static FloatingRoute route(String[] words) {
        FloatingRoute route = FloatingRoute.to(words[0]);
        for (String word : Arrays.asList(words).subList(1, words.length)) {
            String value = word.substring(word.indexOf('=') + 1);
            route = word.startsWith("via=")
                    ? route.via(value)
                    : word.startsWith("table=")
                            ? route.table(Integer.parseInt(value))
                            : route.metric(Long.parseLong(value));
        }
        return route;
    }

    /**
     * {@code start-failing PROOF TAG NUMBER [COMMAND]}: what the start asks for as the NUMBERth fails, right after the command. {@code
     * start-beside} with the same: it does not, though the command was run.
     */
    private String startWith(String[] words, boolean isFailing) throws ResourceException, InterruptedException {
        String[] command = Arrays.copyOfRange(words, 4, words.length);
        faults.plan(
                Integer.parseInt(words[3]),
                () -> {
                    if (command.length > 0) {
                        Segment.run(command);
                    }
                },
                isFailing);
        try {
            start(ProofKind.valueOf(words[1]), Integer.parseInt(words[2]));
            return isFailing || !faults.isPlanned() ? "ok" : "ok before that";
        } catch (IllegalStateException | OutOfMemoryError e) {
            return "failed, " + e.getMessage();
        } finally {
            faults.plan(0, () -> {}, false);
        }
    }

    private void start(ProofKind proof, int tag) throws ResourceException, InterruptedException {
        LabGrant next = new LabGrant(
                token,
                proof,
                tag,
                keyWord,
                heard,
                () -> {
                    if (!rivalCommand.isEmpty()) {
                        Segment.run(rivalCommand.split(" "));
                        rivalCommand = "";
                    }
                },
                common);
        grant = next;
        address.start(faults.around(next));
    }

    /** As the target of a planned move; {@code unprepare} takes it back. */
    private void prepare(int tag) throws ResourceException {
        LabGrant next = new LabGrant(token, ProofKind.RELEASED, tag, keyWord, new byte[0], () -> {}, common);
        next.end();
        address.prepare(new ManagedResource.PrepareContext() {
            @Override
            public Incarnation successor() {
                return next.holder();
            }

            @Override
            public HostClaims claims() {
                return next.claims();
            }

            @Override
            public String group() {
                return next.group();
            }

            @Override
            public FencingToken token() {
                return next.token();
            }
        });
    }

    /** A second resource of the same process, with the arguments of {@code use}; nobody stops it. */
    private void also(String[] words) throws ResourceException, InterruptedException {
        use(words).start(new LabGrant(token, ProofKind.RELEASED, 4700, keyWord, new byte[0], () -> {}, common));
    }

    /** Starts a program that goes on when this one ends. */
    private static String child() {
        try {
            return Long.toString(new ProcessBuilder("sleep", "600").start().pid());
        } catch (IOException e) {
            return "failed " + e.getMessage();
        }
    }

    /** The same as native code does it: unlike the JVM it leaves all descriptors to the child that are not close-on-exec. */
    private static String nativeChild() {
        try {
            Path pid = Files.createTempFile("child", ".pid");
            try {
                Function.getFunction("c", "system")
                        .invokeInt(new Object[] {"sleep 600 >/dev/null 2>&1 & echo $! >" + pid});
                return Files.readString(pid).strip();
            } finally {
                Files.delete(pid);
            }
        } catch (IOException e) {
            return "failed " + e.getMessage();
        }
    }

    private void stop() throws ResourceException, InterruptedException {
        try {
            address.stop(new ManagedResource.StopContext() {
                @Override
                public String group() {
                    return "files";
                }

                @Override
                public FencingToken token() {
                    return new FencingToken(token);
                }
            });
        } finally {
            if (grant != null) {
                grant.testLease().end();
            }
        }
    }

    private String rites(String[] words) {
        List<Integer> tags =
                Arrays.stream(words[1].split(",")).map(Integer::valueOf).toList();
        return port.lastRites(tags, List.of(words[2].split(";"))).toString();
    }

    /** As an announcer does that was paused in the middle. */
    private String announce() {
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            LinkTable.Link link = links.byName(address.networkInterface()).orElseThrow();
            try (RawSocketAnnouncer announcer = new RawSocketAnnouncer(link.index())) {
                List<IpAddress> all = address.addresses().stream()
                        .map(a -> IpAddress.parse(a).orElseThrow())
                        .toList();
                boolean sent = false;
                for (IpAddress one : all) {
                    sent |= announcer.send(
                            new Announcement(link.mac().orElseThrow(), false, Optional.empty(), new FencingToken(1))
                                    .of(List.of(one)));
                }
                return sent ? "sent" : "dropped";
            }
        }
    }

    /** Multicasts, as the kernel does, that something happened to a card: an {@code IFLA_EVENT} of {@code linux/if_link.h}. */
    private static String tell(String card, int event) {
        try (LinuxLinkTable links = new LinuxLinkTable();
                Fd socket = Libc.socket(NETLINK, Libc.SOCK_RAW, 0)) {
            int index = links.byName(card).orElseThrow().index();
            List<NetlinkAttribute> attributes =
                    List.of(NetlinkAttribute.ofText(IFLA_IFNAME, card), NetlinkAttribute.ofInt(IFLA_EVENT, event));
            NetlinkMessage message = new NetlinkMessage(
                    LinkMessage.NEW,
                    0,
                    0,
                    0,
                    new LinkMessage(LinkMessage.ETHERNET, index, UP_AND_RUNNING, attributes).encode());
            byte[] group = ByteBuffer.allocate(12)
                    .order(ByteOrder.nativeOrder())
                    .putShort((short) NETLINK)
                    .putInt(8, RTMGRP_LINK)
                    .array();
            Libc.sendTo(socket, message.encode(), group);
            return "ok";
        }
    }

    /** As a client of the host's own: makes the kernel ask for the bridge in the name of each address. */
    private String say() {
        String refused = "ok";
        for (String one : address.addresses()) {
            boolean isV6 = one.indexOf(':') >= 0;
            Segment.run("ip", "neigh", "flush", isV6 ? "2001:db8::1" : "192.0.2.1", "dev", "lan0");
            try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(one, 0))) {
                socket.send(new DatagramPacket(
                        new byte[1], 1, new InetSocketAddress(isV6 ? "2001:db8::1" : "192.0.2.1", 9)));
            } catch (IOException e) {
                // A gate drops it, and some of them say so.
                refused = e.getMessage();
            }
        }
        return refused;
    }

    private String bench(int rounds) throws ResourceException, InterruptedException {
        List<Long> starts = new ArrayList<>();
        List<Long> stops = new ArrayList<>();
        for (int i = 0; i < rounds; i++) {
            long t0 = System.nanoTime();
            start(ProofKind.RELEASED, 100 + i);
            long t1 = System.nanoTime();
            stop();
            stops.add(System.nanoTime() - t1);
            starts.add(t1 - t0);
        }
        String first = "first start " + starts.get(0) / 1000 + " us, first stop " + stops.get(0) / 1000 + " us";
        Collections.sort(starts);
        Collections.sort(stops);
        return first + "; start p50 " + starts.get(rounds / 2) / 1000 + " max " + starts.get(rounds - 1) / 1000
                + " us; stop p50 " + stops.get(rounds / 2) / 1000 + " max " + stops.get(rounds - 1) / 1000 + " us";
    }

    private String monitorCost() {
        int rounds = 2000;
        long t0 = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            address.monitor();
        }
        return (System.nanoTime() - t0) / rounds + " ns";
    }
}
