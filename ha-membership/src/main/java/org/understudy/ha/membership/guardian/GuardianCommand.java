package org.understudy.ha.membership.guardian;

import java.io.File;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.HostPort;

/** The command line of a guardian: the node's own Java, as little memory as works, and a class path of a few entries. */
final class GuardianCommand {
    private static final Logger LOG = LoggerFactory.getLogger(GuardianCommand.class);

    private static final List<String> JVM_FLAGS = List.of(
            // Other virtual machines do not know all of these.
            "-XX:+IgnoreUnrecognizedVMOptions",
            // The standard output is the pipe to the node: the JVM's own warnings belong elsewhere.
            "-Xlog:disable",
            "-Xlog:all=warning:stderr",
            "-Xms2m",
            "-Xmx12m",
            "-Xss256k",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:CICompilerCount=1",
            "-XX:ReservedCodeCacheSize=8m",
            "-XX:CompressedClassSpaceSize=16m",
            "-XX:-UsePerfData",
            "-Xshare:auto",
            "-XX:+DisableAttachMechanism",
            // Leaves no file behind when it fails.
            "-XX:+ErrorFileToStderr",
            "-XX:-CreateCoredumpOnCrash",
            "-XX:+ExitOnOutOfMemoryError",
            // The native calls of a host port.
            "--enable-native-access=ALL-UNNAMED",
            // There is no logging back-end on its class path, and that is no news.
            "-Dslf4j.internal.verbosity=ERROR");

    /** What a host port may need beside its own jar. */
    private static final List<String> COMPANIONS =
            List.of("com.sun.jna.Native", "org.apache.commons.net.util.SubnetUtils");

    private GuardianCommand() {}

    static ProcessBuilder of(GuardianSettings settings, NodeMark mark) {
        Path launcher = Path.of(System.getProperty("java.home"), "bin", "java");
        if (!Files.isExecutable(launcher)) {
            throw cannotStart(launcher + " is not there; run the node on a Java that has its own launcher");
        }
        List<String> command = new ArrayList<>();
        command.add(launcher.toString());
        command.addAll(JVM_FLAGS);
        for (String name : System.getProperties().stringPropertyNames()) {
            if (name.startsWith("jna.") || name.equals("java.io.tmpdir")) {
                command.add("-D" + name + "=" + System.getProperty(name));
            }
        }
        command.add("-cp");
        command.add(classPath().stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
        command.add(GuardianMain.class.getName());
        command.add(Long.toString(ProcessHandle.current().pid()));
        command.add(settings.node().value());
        command.add(settings.cluster());
        command.add(settings.lockFile().toString());
        command.add(mark.argument());
        ProcessBuilder builder = new ProcessBuilder(command);
        // The node's directory may be unmounted or removed while the guardian lives.
        builder.directory(new File("/"));
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"));
        // One heap of the C library for all threads: with several the process grows by some megabytes.
        builder.environment().put("MALLOC_ARENA_MAX", "1");
        return builder;
    }

    private static Set<Path> classPath() {
        Set<Path> path = new LinkedHashSet<>();
        path.add(codeSource(GuardianMain.class));
        path.add(codeSource(HostPort.class));
        path.add(codeSource(Logger.class));
        try {
            ServiceLoader.load(HostPort.class, Guardian.class.getClassLoader()).stream()
                    .forEach(provider -> {
                        path.add(codeSource(provider.type()));
                        for (String companion : COMPANIONS) {
                            try {
                                path.add(codeSource(Class.forName(
                                        companion, false, provider.type().getClassLoader())));
                            } catch (ClassNotFoundException e) {
                                LOG.debug("{} is not there; a host port that needs it will say so", companion);
                            }
                        }
                    });
        } catch (ServiceConfigurationError e) {
            throw cannotStart("a host port is declared but cannot be found: " + e.getMessage());
        }
        return path;
    }

    private static Path codeSource(Class<?> type) {
        CodeSource source = type.getProtectionDomain().getCodeSource();
        URL url = source == null ? null : source.getLocation();
        if (url == null || !url.getProtocol().equals("file")) {
            throw cannotStart(type.getName() + " comes from " + url
                    + ", which another process cannot read; unpack the library's jars into a directory (nested jars: use the"
                    + " packager's option to unpack or not to nest them)");
        }
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException | IllegalArgumentException e) {
            throw cannotStart(type.getName() + " comes from " + url + ", which is no file: " + e.getMessage());
        }
    }

    static PlatformException cannotStart(String why) {
        return new PlatformException(
                "guardian",
                0,
                "the guardian cannot be started: " + why
                        + ". Without it the node works, but its death is waited out instead of proved");
    }
}
