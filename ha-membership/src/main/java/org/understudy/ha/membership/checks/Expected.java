package org.understudy.ha.membership.checks;

import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.membership.checks.core.StrangersText;

/** Compares what a server said with what it should say. A pattern that takes for ever on that text ends at the check's deadline. */
final class Expected {
    private static final int LOOKS_BETWEEN_CLOCKS = 0x3ff;

    private Expected() {}

    /**
     * @return empty if there is nothing to compare with, or if it is found
     */
    static Optional<CheckResult> problem(@Nullable Pattern pattern, CharSequence text, Deadline deadline) {
        if (pattern == null) {
            return Optional.empty();
        }
        try {
            return pattern.matcher(new Timed(text, deadline)).find()
                    ? Optional.empty()
                    : Optional.of(CheckResult.no("said nothing that matches " + pattern + quoted(text)));
        } catch (CancellationException e) {
            return Optional.of(
                    CheckResult.late("said something that could not be compared with " + pattern + " in time"));
        } catch (StackOverflowError e) {
            return Optional.of(CheckResult.unknown("said something that is too long for " + pattern
                    + ": write the pattern without alternatives that repeat"));
        }
    }

    static String quoted(CharSequence text) {
        String line = StrangersText.oneLine(text);
        return line.isEmpty() ? "" : ": " + line;
    }

    private static final class Timed implements CharSequence {
        private final CharSequence text;
        private final Deadline deadline;
        private int looks;

        Timed(CharSequence text, Deadline deadline) {
            this.text = text;
            this.deadline = deadline;
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int index) {
            looks++;
            if ((looks & LOOKS_BETWEEN_CLOCKS) == 0
                    && (deadline.isOver() || Thread.currentThread().isInterrupted())) {
                throw new CancellationException();
            }
            return text.charAt(index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.subSequence(start, end);
        }

        @Override
        public String toString() {
            return text.toString();
        }
    }
}
