package org.understudy.ha.iptakeover.lab;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.iptakeover.SpareCard;
import org.understudy.ha.iptakeover.VirtualMac;
import org.understudy.ha.iptakeover.linux.LinuxHostPort;
import org.understudy.ha.iptakeover.linux.Tables;

/**
 * The program of a {@link LabJvm} with resources in order, as a group has them: a virtual MAC or a spare card, and addresses on it.
 * Driven by lines on standard input, one answer line each.
 */
public final class LinkAgent {
    private final List<ManagedResource> resources = new ArrayList<>();
    private final LinuxHostPort port = new LinuxHostPort();
    private @Nullable TestLease lease;
    /** What somebody does between the look at the host and the change. */
    private String rivalCommand = "";

    private LinkAgent() {}

    public static void main(String[] args) throws IOException {
        LinkAgent agent = new LinkAgent();
        Agent.serve(agent::answer);
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
            case "vmac":
                VirtualMac mac =
                        VirtualMac.on(words[1]).named(words[2]).mac(words[3]).build();
                use(mac, addresses(words, 4, mac::address));
                return "ok";
            case "card":
                SpareCard card =
                        SpareCard.on(words[1]).beside(words[2]).mac(words[3]).build();
                use(card, addresses(words, 4, card::address));
                return "ok";
            case "tables":
                return String.join(" ", Tables.names());
            case "start":
                start(Integer.parseInt(words[1]));
                return "ok";
            case "rival-at-next-start":
                rivalCommand = String.join(" ", words).substring(words[0].length() + 1);
                return "ok";
            case "stop":
                stop();
                return "ok";
            case "monitor":
                return each(r -> {
                    Health health = r.monitor();
                    return health.state() + " " + health.severity() + " " + health.reason();
                });
            case "probe":
                return each(r -> r.probe().toString());
            case "eligibility":
                return each(r -> r.eligibility().reason());
            case "enforcements":
                return each(r -> r.enforcements().toString());
            case "rites":
                List<Integer> tags =
                        Arrays.stream(words[1].split(",")).map(Integer::valueOf).toList();
                return port.lastRites(tags, Arrays.asList(words).subList(2, words.length)).stream()
                        .map(r -> r.claim() + "=" + r.result() + (r.detail().isEmpty() ? "" : " " + r.detail()))
                        .collect(Collectors.joining("; "));
            case "fds":
                return Descriptors.open().toString();
            case "bench":
                return bench(Integer.parseInt(words[1]));
            default:
                return "unknown command " + String.join(" ", words);
        }
    }

    private static List<ManagedResource> addresses(
            String[] words, int from, Function<String, ManagedResource> address) {
        return Arrays.stream(words).skip(from).map(address).toList();
    }

    private void use(ManagedResource link, List<ManagedResource> addresses) {
        resources.clear();
        resources.add(link);
        resources.addAll(addresses);
    }

    private String each(Function<ManagedResource, String> question) {
        return resources.stream().map(question).collect(Collectors.joining("; "));
    }

    private void start(int tag) throws ResourceException, InterruptedException {
        TestLease granted = new TestLease();
        lease = granted;
        ManagedResource.StartContext context = context(tag, granted);
        for (ManagedResource resource : resources) {
            resource.start(context);
        }
    }

    private ManagedResource.StartContext context(int tag, EnforcedLease granted) {
        return new ManagedResource.StartContext() {
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
                return ProofKind.RELEASED;
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
        };
    }

    private void stop() throws ResourceException, InterruptedException {
        ManagedResource.StopContext context = new ManagedResource.StopContext() {
            @Override
            public String group() {
                return "files";
            }

            @Override
            public FencingToken token() {
                return new FencingToken(7);
            }
        };
        List<ManagedResource> reverse = new ArrayList<>(resources);
        Collections.reverse(reverse);
        try {
            for (ManagedResource resource : reverse) {
                resource.stop(context);
            }
        } finally {
            if (lease != null) {
                lease.end();
            }
        }
    }

    private String bench(int rounds) throws ResourceException, InterruptedException {
        List<Long> starts = new ArrayList<>();
        List<Long> stops = new ArrayList<>();
        for (int i = 0; i < rounds; i++) {
            long t0 = System.nanoTime();
            start(100 + i);
            long t1 = System.nanoTime();
            stop();
            stops.add(System.nanoTime() - t1);
            starts.add(t1 - t0);
        }
        Collections.sort(starts);
        Collections.sort(stops);
        return "start p50 " + starts.get(rounds / 2) / 1000 + " max " + starts.get(rounds - 1) / 1000 + " us; stop p50 "
                + stops.get(rounds / 2) / 1000 + " max " + stops.get(rounds - 1) / 1000 + " us";
    }
}
