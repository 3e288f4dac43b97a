package org.understudy.ha.testkit.figures;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Where the time of a planned move of ours goes: medians since it was asked for. What the nodes tell is the instant at which they tell it; what the
 * client sees is known to a millisecond.
 */
final class Timeline {
    /** Whether most runs have it, see {@link #of}. */
    private static final int MOST = 2;

    private static final Map<String, String> STEPS = new LinkedHashMap<>();

    static {
        STEPS.put("old move-heard", "the owner has heard the request");
        STEPS.put("old addresses-stop", "the move is in the record; the owner's stop is called");
        STEPS.put("old host's last answer v4", "last ARP answer of the old host");
        STEPS.put("old host's last answer v6", "last neighbour advertisement of the old host");
        STEPS.put("old addresses-stopped", "the addresses are gone");
        STEPS.put("old service-stopped", "the service behind them has stopped");
        STEPS.put("old UNOWNED", "the release is on the owner's disk, and its listeners are told");
        STEPS.put("new service-start", "the new grant is chosen and learned; the service's start is called");
        STEPS.put("new addresses-start", "the addresses' start is called");
        STEPS.put("new host's first answer v4", "the gate is open: first ARP answer of the new host");
        STEPS.put("new host's first answer v6", "first neighbour advertisement of the new host on request");
        STEPS.put("announced v4", "the client has heard the first gratuitous ARP");
        STEPS.put("announced v6", "the client has heard the first unsolicited advertisement");
        STEPS.put("client's first answer v4", "the client has an answer over IPv4");
        STEPS.put("client's first answer v6", "the client has an answer over IPv6");
        STEPS.put("new addresses-started", "the addresses' start has returned");
    }

    private final Map<String, Spread> instants = new LinkedHashMap<>();

    private Timeline() {}

    /** Of runs in which instants go by the names that the laboratory gives them. */
    static Timeline of(List<Map<String, Long>> runs) {
        Timeline line = new Timeline();
        for (String step : STEPS.keySet()) {
            Spread spread = new Spread();
            runs.stream().filter(run -> run.containsKey(step)).forEach(run -> spread.add(run.get(step)));
            if (spread.size() > 0 && spread.size() * MOST >= runs.size()) {
                line.instants.put(step, spread);
            }
        }
        return line;
    }

    List<String> text() {
        return instants.entrySet().stream()
                .map(e -> String.format(
                        Locale.ROOT,
                        "%-76s %9.1f",
                        STEPS.get(e.getKey()),
                        e.getValue().medianNanos() / 1e6))
                .toList();
    }

    List<String> json() {
        return instants.entrySet().stream()
                .map(e -> String.format(
                        Locale.ROOT,
                        "{\"figure\":\"takeover-timeline\",\"what\":\"%s\",\"unit\":\"ms\",\"median\":%.3f,\"worst\":%.3f}",
                        STEPS.get(e.getKey()),
                        e.getValue().medianNanos() / 1e6,
                        e.getValue().worstNanos() / 1e6))
                .toList();
    }
}
