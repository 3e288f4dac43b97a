package org.understudy.ha.internal.process;

import java.util.List;

/**
 * How a run of a program ended.
 *
 * @param status what it ended with; 128 and the number of the signal if it was killed; {@link #NOT_STARTED} or {@link #TIMED_OUT}
 * @param left what it left running, as number and name; killed, unless the call allowed it to stay
 * @param output beginning and end of what it wrote on both outputs, one line
 * @param answer what it wrote on its standard output, if the call asked for it
 * @param isAnswerWhole whether that is all of it
 * @param told what happened, one sentence
 */
public record ProgramEnd(
        int status, List<String> left, String output, String answer, boolean isAnswerWhole, String told) {
    public static final int NOT_STARTED = -1;
    public static final int TIMED_OUT = -2;

    public ProgramEnd {
        left = List.copyOf(left);
    }

    /** Whether its status can be taken for an answer: it ended by itself and left nothing that may still act. */
    public boolean isCertain() {
        return status >= 0 && left.isEmpty();
    }

    /** What it wrote, as the end of a sentence. */
    public String said() {
        return output.isEmpty() ? "" : ", it said: " + output;
    }
}
