package org.understudy.ha.samples.demo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.StorageException;

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

    /** The text of {@code usage.txt}, which {@code ./demo} shows as well, before anything is built. */
    static final String USAGE = usage();

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

    private static String usage() {
        try (InputStream text = Arguments.class.getResourceAsStream("usage.txt")) {
            if (text == null) {
                throw new StorageException(
                        Path.of("usage.txt"), "is not in the class path beside " + Arguments.class.getName());
            }
            return new String(text.readAllBytes(), StandardCharsets.UTF_8).stripTrailing();
        } catch (IOException e) {
            throw new StorageException(Path.of("usage.txt"), "cannot be read: " + e.getMessage());
        }
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
