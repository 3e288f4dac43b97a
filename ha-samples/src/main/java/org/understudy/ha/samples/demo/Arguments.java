package org.understudy.ha.samples.demo;

import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.ConfigurationException;

/**
 * What was asked for on the command line.
 *
 * @param faults in order; all of them once if none was named
 * @param runs how often each
 * @param isJson whether results go to the standard output as JSON, and nothing else does
 * @param isHelp whether only the usage is wanted
 */
record Arguments(List<Fault> faults, int runs, boolean isJson, boolean isHelp) {
    static final int RUNS_MAX = 1000;

    static final String USAGE = String.join(
            "\n",
            "usage: ./demo                                the whole story: each fault once, under two minutes",
            "       ./demo FAULT [--runs N] [--json]      one fault, N times (1 to 1000; 1 by default)",
            "       ./demo --help",
            "",
            "FAULT  handover  a planned move",
            "       kill      kill -9 of the owner's process",
            "       pause     SIGSTOP of the owner's process, SIGCONT after the takeover",
            "       unplug    the owner's LAN cable pulled",
            "       poweroff  the owner's process, its guardian and both its cards gone at once",
            "       split     the owner with one client cut off from the others with another client",
            "",
            "--json prints one object for each run on the standard output and nothing else there:",
            "  {\"fault\":…,\"run\":…,\"gap_ms\":…,\"lost\":…,\"double_ms\":…,\"proof\":…,\"token_before\":…,\"token_after\":…,"
                    + "\"owner_before\":…,\"owner_after\":…}",
            "  gap_ms     longest time without an answer, seen by a client that asks every millisecond",
            "  lost       requests without an answer",
            "  double_ms  time in which two hosts answered for one address",
            "",
            "Exit status: 0 if every run failed over, tokens grew and two hosts never answered; 1 if not; 2 for a wrong word.");

    Arguments {
        faults = List.copyOf(faults);
    }

    /**
     * @throws ConfigurationException for a word that is not understood
     */
    static Arguments parse(List<String> words) {
        Optional<Fault> fault = Optional.empty();
        int runs = 1;
        boolean isJson = false;
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            switch (word) {
                case "--help", "-h" -> {
                    return new Arguments(List.of(), 1, false, true);
                }
                case "--json" -> isJson = true;
                case "--runs" -> {
                    i++;
                    runs = runs(i < words.size() ? words.get(i) : "(nothing)");
                }
                default -> {
                    if (fault.isPresent()) {
                        throw new ConfigurationException("argument", word, "name one fault only");
                    }
                    fault = Optional.of(fault(word));
                }
            }
        }
        return new Arguments(fault.map(List::of).orElse(List.of(Fault.values())), runs, isJson, false);
    }

    private static Fault fault(String word) {
        for (Fault fault : Fault.values()) {
            if (fault.word().equals(word)) {
                return fault;
            }
        }
        throw new ConfigurationException("argument", word, "is neither a fault (" + Fault.words() + ") nor an option");
    }

    private static int runs(String word) {
        if (!word.matches("[0-9]{1,4}") || Integer.parseInt(word) < 1 || Integer.parseInt(word) > RUNS_MAX) {
            throw new ConfigurationException("--runs", word, "give a number from 1 to " + RUNS_MAX);
        }
        return Integer.parseInt(word);
    }
}
