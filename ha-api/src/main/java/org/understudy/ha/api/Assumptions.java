package org.understudy.ha.api;

import java.util.List;

/**
 * What this cluster survives, what it does not, and on what that rests.
 *
 * @param survives one sentence each
 * @param doesNotSurvive one sentence each
 * @param restsOn what is assumed and cannot be checked from inside
 */
public record Assumptions(List<String> survives, List<String> doesNotSurvive, List<String> restsOn) {
    public Assumptions {
        survives = List.copyOf(survives);
        doesNotSurvive = List.copyOf(doesNotSurvive);
        restsOn = List.copyOf(restsOn);
    }

    /** As a text of a few lines. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        append(text, "survives", survives);
        append(text, "does not survive", doesNotSurvive);
        append(text, "rests on", restsOn);
        return text.toString();
    }

    private static void append(StringBuilder text, String title, List<String> lines) {
        text.append(title).append(":\n");
        for (String line : lines) {
            text.append("  - ").append(line).append('\n');
        }
    }
}
