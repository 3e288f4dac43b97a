package org.understudy.ha.testkit.netns;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Commands that start another JVM like this one: same Java, same class path. */
public final class Jvm {
    /** The flag of a program that speaks IPv6 too; without it these JVMs speak IPv4 only. */
    public static final String BOTH_VERSIONS = "-Djava.net.preferIPv4Stack=false";

    private static final List<String> LEAN = List.of(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "-Xss512k",
            "-XX:-UsePerfData",
            "-Djava.net.preferIPv4Stack=true",
            "--enable-native-access=ALL-UNNAMED");

    private Jvm() {}

    /**
     * A command with small memory and quick start, meant for several JVMs on few cores.
     *
     * @param heapMegabytesMax largest heap
     * @param flags further flags of the JVM
     */
    public static List<String> command(
            int heapMegabytesMax, List<String> flags, Class<?> main, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx" + heapMegabytesMax + "m");
        command.addAll(LEAN);
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(arguments);
        return command;
    }
}
