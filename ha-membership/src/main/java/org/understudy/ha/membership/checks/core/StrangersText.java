package org.understudy.ha.membership.checks.core;

/** What a server said, made fit for a log line: one line, no control characters, not long. */
public final class StrangersText {
    static final int LENGTH_MAX = 200;

    private StrangersText() {}

    /** Runs of blanks and of what cannot be printed become one blank; what is longer than 200 characters ends with an ellipsis. */
    public static String oneLine(CharSequence text) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            if (line.length() >= LENGTH_MAX) {
                return line.append('…').toString();
            }
            char c = text.charAt(i);
            boolean isPlain = !Character.isISOControl(c)
                    && !Character.isWhitespace(c)
                    && !Character.isSurrogate(c)
                    && Character.getType(c) != Character.FORMAT
                    && Character.isDefined(c);
            if (isPlain) {
                line.append(c);
            } else if (line.length() > 0 && line.charAt(line.length() - 1) != ' ') {
                line.append(' ');
            }
        }
        return line.toString().stripTrailing();
    }
}
