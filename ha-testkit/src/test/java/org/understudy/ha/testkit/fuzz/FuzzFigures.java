package org.understudy.ha.testkit.fuzz;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Fuzzes every target for some seconds, each in a JVM of its own, and prints a line for each. Exit status 1 if one was broken, 2 for a
 * wrong word.
 */
public final class FuzzFigures {
    private static final String USAGE = "known: --seconds N, --only NAME, --input FILE (with --only), --json";

    private final int seconds;
    private final Path work;

    private FuzzFigures(int seconds, Path work) {
        this.seconds = seconds;
        this.work = work;
    }

    /** The words of the command line. */
    private record Words(int seconds, List<String> only, Optional<Path> input, boolean isJson) {

        static Words of(String[] args) {
            int seconds = 20;
            List<String> only = new ArrayList<>();
            Optional<Path> input = Optional.empty();
            boolean isJson = false;
            for (int i = 0; i < args.length; i++) {
                String value = i + 1 < args.length ? args[i + 1] : "";
                switch (args[i]) {
                    case "--json" -> isJson = true;
                    case "--seconds" -> seconds = Integer.parseInt(value);
                    case "--only" -> only.add(value);
                    case "--input" -> input = Optional.of(Path.of(value));
                    default -> throw new IllegalArgumentException("unknown word '" + args[i] + "'; " + USAGE);
                }
                i += args[i].equals("--json") ? 0 : 1;
            }
            if (seconds < 1) {
                throw new IllegalArgumentException("--seconds needs a positive number");
            }
            if (input.isPresent() && only.size() != 1) {
                throw new IllegalArgumentException("--input needs --only NAME, one name");
            }
            if (input.isPresent() && !Files.isReadable(input.get())) {
                throw new IllegalArgumentException("cannot read " + input.get());
            }
            return new Words(seconds, only, input, isJson);
        }
    }

    /**
     * What a run showed.
     *
     * @param edges of the decoder that were reached
     * @param corpus inputs that each reached something new
     * @param finding the file of the input that broke it, if one did
     * @param failure why there is no figure to believe, if there is none
     */
    private record Result(
            String name,
            long executions,
            int edges,
            int corpus,
            String peak,
            Optional<Path> finding,
            Optional<String> failure) {

        boolean isGood() {
            return finding.isEmpty() && failure.isEmpty();
        }

        String line() {
            StringBuilder line = new StringBuilder(String.format(
                    "%-8s %-18s %,10d executions, %4d edges, %4d inputs; peak %s",
                    isGood() ? "passed" : "BROKEN", name, executions, edges, corpus, peak));
            failure.ifPresent(why -> line.append("\n         ").append(why));
            finding.ifPresent(file -> line.append("\n         replay: ./check fuzz --only ")
                    .append(name)
                    .append(" --input ")
                    .append(file));
            return line.toString();
        }

        String json() {
            return String.format(
                    "{\"target\":\"%s\",\"executions\":%d,\"edges\":%d,\"corpus\":%d,\"peak\":\"%s\",\"finding\":%s}",
                    name,
                    executions,
                    edges,
                    corpus,
                    peak,
                    finding.map(f -> "\"" + f + "\"").orElse("null"));
        }
    }

    /**
     * @param args {@code --seconds N} for each target, 20 by default; {@code --only NAME}, which may be repeated; {@code --input
     *     FILE} runs that one input and nothing else; {@code --json} for one object on standard output
     */
    public static void main(String[] args) throws Throwable {
        try {
            Words words = Words.of(args);
            List<Class<?>> all = targets();
            List<String> names = all.stream().map(Class::getSimpleName).toList();
            if (!names.containsAll(words.only())) {
                throw new IllegalArgumentException("no such target among " + words.only() + "; there are " + names);
            }
            List<Class<?>> targets = all.stream()
                    .filter(t -> words.only().isEmpty() || words.only().contains(t.getSimpleName()))
                    .toList();
            if (words.input().isPresent()) {
                System.setProperty(FuzzEntry.TARGET, targets.get(0).getName());
                FuzzEntry.fuzzerInitialize();
                FuzzEntry.fuzzerTestOneInput(Files.readAllBytes(words.input().get()));
                FuzzEntry.fuzzerTearDown();
                System.out.println("nothing wrong with this input");
                System.exit(0);
            }
            Path work = Path.of("ha-testkit", "target", "fuzz").toAbsolutePath();
            System.exit(new FuzzFigures(words.seconds(), work).fuzz(targets, words.isJson()) ? 0 : 1);
        } catch (IllegalArgumentException e) {
            System.err.println("fuzz: " + e.getMessage());
            System.exit(2);
        }
    }

    /** Every class on the class path, outside of archives, that is called like a target. */
    private static List<Class<?>> targets() throws IOException, ClassNotFoundException {
        List<Class<?>> targets = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path root = Path.of(entry);
            if (Files.isDirectory(root)) {
                try (Stream<Path> files = Files.walk(root)) {
                    for (Path file : files.filter(f -> f.toString().endsWith("Fuzz.class"))
                            .sorted()
                            .toList()) {
                        String name = root.relativize(file).toString().replace(File.separatorChar, '.');
                        targets.add(Class.forName(name.substring(0, name.length() - ".class".length())));
                    }
                }
            }
        }
        return targets;
    }

    private boolean fuzz(List<Class<?>> targets, boolean isJson) throws Exception {
        PrintStream lines = isJson ? System.err : System.out;
        List<Result> results = new ArrayList<>();
        for (Class<?> target : targets) {
            Result result = fuzz(target);
            results.add(result);
            lines.println(result.line());
        }
        long good = results.stream().filter(Result::isGood).count();
        if (isJson) {
            System.out.printf(
                    "{\"seconds\":%d,\"targets\":[%s]}%n",
                    seconds, results.stream().map(Result::json).collect(Collectors.joining(",")));
        }
        lines.printf("%d passed, %d failed%n", good, results.size() - good);
        return good == results.size();
    }

    private Result fuzz(Class<?> target) throws Exception {
        String name = target.getSimpleName();
        Path corpus = Files.createDirectories(work.resolve("corpus").resolve(name));
        Path findings = Files.createDirectories(work.resolve("findings")).resolve(name + "-");
        int number = 0;
        for (byte[] seed : FuzzEntry.seeds(target)) {
            Files.write(corpus.resolve("seed-" + number++), seed);
        }
        Path log = work.resolve(name + ".log");
        // By the budget of the whole run, never of one input: on a busy machine a slow one is no finding.
        int status = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-XX:+UseSerialGC",
                        "-D" + FuzzEntry.TARGET + "=" + target.getName(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "com.code_intelligence.jazzer.Jazzer",
                        "--target_class=" + FuzzEntry.class.getName(),
                        "--instrumentation_includes=org.understudy.**:org.jgroups.**",
                        "--instrumentation_excludes=" + FuzzEntry.class.getName() + ":" + target.getName(),
                        "--reproducer_path=" + work,
                        "-max_total_time=" + seconds,
                        "-timeout=" + (seconds + 60),
                        "-report_slow_units=" + (seconds + 60),
                        "-rss_limit_mb=0",
                        "-print_final_stats=1",
                        "-artifact_prefix=" + findings,
                        corpus.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start()
                .waitFor();
        return result(name, status, log);
    }

    private static Result result(String name, int status, Path log) throws IOException {
        long executions = 0;
        int edges = 0;
        int corpus = 0;
        String peak = "unknown";
        Optional<Path> finding = Optional.empty();
        Optional<String> failure = Optional.empty();
        for (String line : Files.readAllLines(log)) {
            String[] words = line.trim().split("\\s+");
            if (line.startsWith("#")) {
                for (int i = 0; i + 1 < words.length; i++) {
                    edges = words[i].equals("cov:") ? Integer.parseInt(words[i + 1]) : edges;
                    corpus = words[i].equals("corp:")
                            ? Integer.parseInt(words[i + 1].split("/")[0])
                            : corpus;
                }
            } else if (line.startsWith("stat::number_of_executed_units:")) {
                executions = Long.parseLong(words[words.length - 1]);
            } else if (line.startsWith(FuzzEntry.PEAK)) {
                peak = line.substring(FuzzEntry.PEAK.length());
            } else if (line.startsWith("== Java Exception") || line.contains("ERROR: libFuzzer")) {
                failure = Optional.of(line);
            } else if (line.contains("Test unit written to ")) {
                finding = Optional.of(Path.of(words[words.length - 1]));
            }
        }
        if (failure.isEmpty() && (status != 0 || executions == 0 || edges == 0)) {
            failure = Optional.of("Jazzer ended with status " + status + ", see " + log);
        }
        return new Result(name, executions, edges, corpus, peak, finding, failure);
    }
}
