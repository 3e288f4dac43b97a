package org.understudy.ha.internal.process;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is to be run, and under which conditions. Its standard input is empty, and it gets no open file of this process.
 *
 * @param command the program and its arguments; no shell reads them
 * @param what how it is called in sentences
 * @param environment see {@code isApart}
 * @param isApart whether it runs in {@code /}, in a session of its own where there is {@code setsid}, and with this environment only;
 *     otherwise in the directory and the session of this process, and with its environment as well
 * @param mayLeave whether what still runs when it has ended by itself may go on: a daemon it was to start
 * @param answerBytesMax how much of its standard output is kept apart, whole; 0 for none
 */
public record ProgramCall(
        List<String> command,
        String what,
        Map<String, String> environment,
        boolean isApart,
        boolean mayLeave,
        int answerBytesMax) {

    public ProgramCall {
        command = List.copyOf(command);
        environment = Collections.unmodifiableMap(new TreeMap<>(environment));
    }

    /** One that runs as a part of this process. */
    public static ProgramCall beside(List<String> command, String what, Map<String, String> additions) {
        return new ProgramCall(command, what, additions, false, false, 0);
    }

    /** One that has nothing of this process, so that a signal to its terminal or its process group does not reach it. */
    public static ProgramCall apart(List<String> command, String what, Map<String, String> environment) {
        return new ProgramCall(command, what, environment, true, false, 0);
    }

    /** The same, and what it leaves running goes on. */
    public ProgramCall leaving() {
        return new ProgramCall(command, what, environment, isApart, true, answerBytesMax);
    }

    /** The same, with its standard output kept apart. */
    public ProgramCall answering(int bytesMax) {
        return new ProgramCall(command, what, environment, isApart, mayLeave, bytesMax);
    }
}
