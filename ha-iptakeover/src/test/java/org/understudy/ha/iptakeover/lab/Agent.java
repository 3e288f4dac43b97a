package org.understudy.ha.iptakeover.lab;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.api.spi.HostPort;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.iptakeover.FloatingAddress;
import org.understudy.ha.iptakeover.linux.LinuxHostPort;

/** The program of a {@link LabJvm}: one floating address, driven by lines on standard input, one answer line each. */
public final class Agent {
    /** Marks an answer among lines of the log. */
    static final String ANSWER = "> ";

    private FloatingAddress address = FloatingAddress.of("192.0.2.50", "lan0");
    private @Nullable TestLease lease;
    /** What somebody does between the look at the host and the change. */
    private String rivalCommand = "";

    private final LinuxHostPort port = new LinuxHostPort();

    private Agent() {}

    public static void main(String[] args) throws IOException {
        Agent agent = new Agent();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String line = in.readLine();
        while (line != null) {
            System.out.println(ANSWER + agent.answer(line.split(" ")).replace('\n', ' '));
            line = in.readLine();
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
                address = FloatingAddress.of(words[1], words[2]);
                return "ok";
            case "enforcements":
                return address.enforcements().toString();
            case "check":
                address.check();
                return "ok";
            case "start":
                start(ProofKind.valueOf(words[1]), Integer.parseInt(words[2]));
                return "ok";
            case "rival-at-next-start":
                rivalCommand = String.join(" ", words).substring(words[0].length() + 1);
                return "ok";
            case "stop":
                stop();
                return "ok";
            case "end-lease":
                if (lease != null) {
                    lease.end();
                }
                return "ok";
            case "starve-lease":
                if (lease != null) {
                    lease.stopConfirming();
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
            case "rites":
                return rites(words);
            case "fds":
                return Integer.toString(new File("/proc/self/fd").list().length);
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

    private void start(ProofKind proof, int tag) throws ResourceException, InterruptedException {
        TestLease granted = new TestLease();
        lease = granted;
        address.start(new ManagedResource.StartContext() {
            @Override
            public String group() {
                return "files";
            }

            @Override
            public Incarnation holder() {
                return new Incarnation(NodeId.of("serv1"), 1);
            }

            @Override
            public EnforcedLease lease() {
                return granted;
            }

            @Override
            public ProofKind proof() {
                return proof;
            }

            @Override
            public HostClaims claims() {
                return new HostClaims() {
                    @Override
                    public int tag() {
                        return tag;
                    }

                    @Override
                    public void claim(String claim) {
                        if (!rivalCommand.isEmpty()) {
                            Segment.run(rivalCommand.split(" "));
                            rivalCommand = "";
                        }
                    }
                };
            }
        });
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
                    return new FencingToken(7);
                }
            });
        } finally {
            if (lease != null) {
                lease.end();
            }
        }
    }

    private String rites(String[] words) {
        List<Integer> tags =
                Arrays.stream(words[1].split(",")).map(Integer::valueOf).toList();
        List<HostPort.Removal> removals = port.lastRites(tags, List.of("address/192.0.2.50", "address/192.0.2.99"));
        return removals.toString();
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
