package org.understudy.ha.samples.demo;

import java.io.PrintStream;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Tells the story: plain sentences, colours only where they are wanted. */
final class Narrator {
    private static final String BOLD = "1";
    private static final String GREEN = "32";
    private static final String RED = "31";
    private static final String GREY = "90";

    private final PrintStream out;
    private final boolean hasColours;

    Narrator(PrintStream out, boolean hasColours) {
        this.out = out;
        this.hasColours = hasColours;
    }

    void heading(String text) {
        out.println();
        out.println(colour(BOLD, "== " + text + " " + "=".repeat(Math.max(2, 90 - text.length()))));
    }

    void line(String text) {
        out.println(text);
    }

    /** A remark about what is being waited for or repaired. */
    void aside(String text) {
        out.println(colour(GREY, "   … " + text));
    }

    /** A labelled line of the account. */
    void fact(String label, String text) {
        out.println("   " + colour(BOLD, String.format("%-8s", label)) + " " + text);
    }

    void good(String text) {
        out.println("   " + colour(GREEN, text));
    }

    void bad(String text) {
        out.println("   " + colour(RED, text));
    }

    /** The account of one run. */
    void tell(Result result, String reason) {
        Result.Owner before = result.before();
        fact("before", "'files' on " + before.node() + " under token " + before.token());
        if (result.after().isPresent()) {
            Result.Owner after = result.after().get();
            fact("after", "'files' on " + after.node() + " under token " + after.token());
            fact("proof", after.proof() + ": " + meaning(after.proof()));
            if (!reason.isEmpty()) {
                fact("", reason);
            }
        } else {
            fact("after", colour(RED, "nobody took over in time"));
        }
        fact(
                "client",
                Result.millis(result.gapNanos()) + " ms without an answer, over IPv6 "
                        + Result.millis(result.gap6Nanos())
                        + " ms, " + result.lost() + " requests lost"
                        + (result.fault() == Fault.SPLIT ? " (on the side that goes on)" : ""));
        if (!result.isDeaf()) {
            fact(
                    "",
                    "the last answer of " + before.node() + " came " + Result.millis(result.silentNanos())
                            + " ms after that");
        }
        if (result.isDeaf()) {
            fact("owners", colour(RED, "unknown, see below"));
        } else if (result.doubleNanos() == 0) {
            fact("owners", colour(GREEN, "two hosts answered: never"));
        } else {
            fact("owners", colour(RED, "two hosts answered for " + Result.millis(result.doubleNanos()) + " ms"));
        }
    }

    /** One line for one run of many. */
    void brief(Result result) {
        String verdict = result.isGood() ? colour(GREEN, "good") : colour(RED, "BAD");
        out.println(row(result.run() + ". " + result.fault().word(), result) + "  " + verdict);
    }

    void table(List<Result> results) {
        heading("what the client saw");
        out.println(String.format(
                "   %-12s %-17s %-12s %-9s %10s %10s %6s   %s",
                "fault", "owner", "token", "proof", "gap ms", "IPv6 ms", "lost", "two hosts answered"));
        for (Result result : results) {
            out.println(row(result.fault().word(), result));
        }
    }

    void medians(List<Result> results) {
        out.println();
        out.println(String.format(
                Locale.ROOT,
                "   %s, %d runs: median gap %s ms (%s to %s), over IPv6 %s (%s to %s), median lost %d, old owner silent after %s ms (%s to %s),"
                        + " two hosts answered %s, good %d of %d",
                results.get(0).fault().word(),
                results.size(),
                Result.millis(Result.median(results, Result::gapNanos)),
                Result.millis(results.stream().mapToLong(Result::gapNanos).min().orElse(0)),
                Result.millis(results.stream().mapToLong(Result::gapNanos).max().orElse(0)),
                Result.millis(Result.median(results, Result::gap6Nanos)),
                Result.millis(
                        results.stream().mapToLong(Result::gap6Nanos).min().orElse(0)),
                Result.millis(
                        results.stream().mapToLong(Result::gap6Nanos).max().orElse(0)),
                Result.median(results, Result::lost),
                Result.millis(Result.median(results, Result::silentNanos)),
                Result.millis(
                        results.stream().mapToLong(Result::silentNanos).min().orElse(0)),
                Result.millis(
                        results.stream().mapToLong(Result::silentNanos).max().orElse(0)),
                results.stream()
                        .max(Comparator.comparingLong(Result::doubleNanos).thenComparing(Result::isDeaf))
                        .map(Narrator::doubled)
                        .orElse("unknown"),
                results.stream().filter(Result::isGood).count(),
                results.size()));
    }

    private static String row(String name, Result result) {
        return String.format(
                "   %-12s %-17s %-12s %-9s %10s %10s %6d   %s",
                name,
                result.before().node() + " -> "
                        + result.after().map(Result.Owner::node).orElse("nobody"),
                result.before().token() + " -> "
                        + result.after().map(o -> String.valueOf(o.token())).orElse("-"),
                result.after().map(Result.Owner::proof).orElse("-"),
                Result.millis(result.gapNanos()),
                Result.millis(result.gap6Nanos()),
                result.lost(),
                doubled(result));
    }

    private static String doubled(Result result) {
        if (result.isDeaf()) {
            return "unknown";
        }
        return result.doubleNanos() == 0 ? "never" : Result.millis(result.doubleNanos()) + " ms";
    }

    private static String meaning(String proof) {
        return switch (proof) {
            case "RELEASED" -> "the old owner stopped and said so";
            case "DIED" -> "the guardian on the old owner's host saw the process end, and removed the address";
            case "EXPIRED" -> "the old owner's lease ran out, and its kernel has muted the address by then";
            case "SUPERSEDED" -> "the old owner came back as a new incarnation on the same disk";
            case "NEVER" -> "nobody had owned it before";
            default -> "see GroupStatus";
        };
    }

    private String colour(String code, String text) {
        return hasColours ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }
}
