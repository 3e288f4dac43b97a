package org.understudy.ha.testkit.faults;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.HaException;
import org.understudy.ha.testkit.netns.Jvm;
import org.understudy.ha.testkit.netns.Namespaces;

/**
 * The program behind {@code ./check faults}: real faults at real processes, and a verdict over what every node did and every
 * client saw. Outside it looks for a way into private namespaces and starts itself there; inside it plays.
 */
public final class FaultSuite {
    private static final int FAILED = 1;
    private static final int MISUSED = 2;
    private static final String SCRATCH = "understudy.faults.scratch";

    private FaultSuite() {}

    public static void main(String[] words) {
        System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
        System.exit(run(List.of(words)));
    }

    private static int run(List<String> words) {
        if (words.contains("--help") || words.contains("-h")) {
            System.out.println(Arguments.USAGE);
            return 0;
        }
        try {
            long fresh = ThreadLocalRandom.current().nextInt(1, 1_000_000);
            Arguments arguments = Arguments.parse(words, fresh);
            return Namespaces.isInside() ? inside(arguments) : outside(words, arguments);
        } catch (ConfigurationException e) {
            System.err.println("faults: " + e.getMessage() + "\n\n" + Arguments.USAGE);
            return MISUSED;
        } catch (HaException e) {
            System.err.println("faults: " + e.getMessage());
            return FAILED;
        } catch (IOException e) {
            System.err.println("faults: a file cannot be written: " + e.getMessage());
            return FAILED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return FAILED;
        }
    }

    private static int outside(List<String> words, Arguments arguments) throws IOException, InterruptedException {
        Namespaces namespaces = Namespaces.available();
        Path scratch = Files.createTempDirectory("understudy-faults-");
        List<String> all = new ArrayList<>(words);
        if (!words.contains("--seed")) {
            all.addAll(List.of("--seed", String.valueOf(arguments.seed())));
        }
        List<String> flags = List.of("-D" + SCRATCH + "=" + scratch, "-Djava.io.tmpdir=" + scratch);
        return namespaces.run(scratch, Jvm.command(384, flags, FaultSuite.class, all));
    }

    private static int inside(Arguments arguments) {
        System.err.println("seed " + arguments.seed() + ", " + arguments.nodes() + " nodes");
        Director director = new Director(arguments, Path.of(System.getProperty(SCRATCH)), System.err);
        director.play();
        Tally tally = director.tally();
        List<String> vacuous = arguments.episode() == 0 ? tally.vacuous() : List.of();
        PrintStream people = arguments.isJson() ? System.err : System.out;
        people.print(tally.table());
        vacuous.forEach(sentence -> people.println("proves too little: " + sentence));
        director.failures().forEach(people::println);
        int failed = Math.max(tally.failed(), director.failures().size()) + vacuous.size();
        int passed = tally.episodes() - tally.failed();
        if (arguments.isJson()) {
            System.out.println(tally.json(arguments.seed(), arguments.nodes(), passed, failed));
        }
        people.println(passed + " passed, " + failed + " failed");
        return failed == 0 ? 0 : FAILED;
    }
}
