package org.understudy.ha.samples.demo;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What the demonstration does to the owner of the group {@code files}. */
enum Fault {
    HANDOVER("a planned move", "serv1 is asked to hand 'files' to serv2."),
    KILL("kill -9", "The process of serv1 is killed with SIGKILL. It cannot say good-bye; its guardian can."),
    PAUSE(
            "SIGSTOP, later SIGCONT",
            "The process of serv1 is frozen with SIGSTOP, and thawed once serv2 has taken over."),
    UNPLUG("the LAN cable pulled", "The LAN cable of serv1 is pulled; its private card still works."),
    POWEROFF("power cut", "The power of serv1 goes: process, guardian and both cards at once."),
    SPLIT(
            "the network cut in two",
            "Both networks are cut: serv1 and a client on one side; serv2, the witness and another client on the other.");

    private final String title;
    private final String story;

    Fault(String title, String story) {
        this.title = title;
        this.story = story;
    }

    /** The word on the command line and in the results. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** A few words for a heading. */
    String title() {
        return title;
    }

    /** One sentence: what is about to happen. */
    String story() {
        return story;
    }

    static String words() {
        return Arrays.stream(values()).map(Fault::word).collect(Collectors.joining(" "));
    }
}
