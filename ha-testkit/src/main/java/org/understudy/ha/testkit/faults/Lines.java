package org.understudy.ha.testkit.faults;

import java.util.Optional;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.testkit.faults.History.Life;

/** The lines that nodes and the sink report, as facts. */
final class Lines {
    private Lines() {}

    /**
     * @return empty for a line that is no fact, for example a grant whose proof is not known
     * @throws MalformedMessageException if a line of a known kind has other words than it should
     */
    static Optional<History.Fact> parse(String line) {
        String[] w = line.split(" ", 8);
        try {
            return switch (w[0]) {
                case "S" ->
                    Optional.of(new History.Started(
                            time(w[1]),
                            w[2],
                            Life.parse(w[3]),
                            time(w[4]),
                            w[5].equals("-") ? Optional.empty() : Optional.of(ProofKind.valueOf(w[5]))));
                case "E" -> Optional.of(new History.Stopped(time(w[1]), w[2], Life.parse(w[3]), time(w[4])));
                case "C" -> Optional.of(new History.Acted(time(w[1]), time(w[2]), w[3], Life.parse(w[4]), time(w[5])));
                case "X" -> Optional.of(new History.Clashed(time(w[1]), w[2], Life.parse(w[3]), time(w[4])));
                case "A" ->
                    Optional.of(new History.Acknowledged(
                            time(w[1]), time(w[2]), w[3], Life.parse(w[4]), time(w[5]), time(w[6])));
                case "O" -> Optional.of(new History.Opened(time(w[1]), w[2], Life.parse(w[3]), time(w[4]), time(w[5])));
                case "W" ->
                    Optional.of(new History.Accepted(time(w[1]), w[2], Life.parse(w[3]), time(w[4]), time(w[5])));
                case "R" ->
                    Optional.of(new History.Refused(time(w[1]), w[2], Life.parse(w[3]), time(w[4]), time(w[5])));
                case "G" ->
                    w[6].equals("-")
                            ? Optional.empty()
                            : Optional.of(
                                    new History.Granted(time(w[1]), w[2], time(w[5]), ProofKind.valueOf(w[6]), w[7]));
                case "P" -> Optional.of(new History.Told(time(w[1]), Foretold.parse(line.split(" ", 3)[2])));
                case "N" -> {
                    String[] n = line.split(" ", 5);
                    yield Optional.of(new History.Said(time(n[1]), Life.parse(n[2]), n[3], n[4]));
                }
                default -> Optional.empty();
            };
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new MalformedMessageException(0, "the line '" + line + "' is not as it should be (" + e + ")");
        }
    }

    private static long time(String word) {
        return Long.parseLong(word);
    }
}
