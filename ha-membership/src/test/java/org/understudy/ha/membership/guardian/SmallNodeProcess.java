package org.understudy.ha.membership.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** One {@link SmallNode} as a process of its own, with the socket its will arrives at. */
final class SmallNodeProcess implements AutoCloseable {
    private static final int WILL_MILLIS_MAX = 10_000;

    final DatagramSocket wills;
    final Process node;
    final ProcessHandle guardian;
    final byte[] publicKey;
    private final BufferedReader answers;
    private final BufferedWriter commands;

    SmallNodeProcess(Path directory, boolean withHostPort) throws IOException {
        wills = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"));
        node = start(directory, wills.getLocalPort(), withHostPort);
        answers = node.inputReader(StandardCharsets.UTF_8);
        commands = node.outputWriter(StandardCharsets.UTF_8);
        String[] first = answer().split(" ");
        if (!first[0].equals("guardian")) {
            node.destroyForcibly();
            throw new AssertionError(String.join(" ", first));
        }
        guardian = ProcessHandle.of(Long.parseLong(first[1])).orElseThrow();
        publicKey = Base64.getDecoder().decode(first[2]);
    }

    static Process start(Path directory, int port, boolean withHostPort) throws IOException {
        String classPath = System.getProperty("java.class.path");
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        withHostPort ? hostPortPath(directory) + ":" + classPath : classPath,
                        SmallNode.class.getName(),
                        directory.resolve("guardian.lock").toString(),
                        Integer.toString(port))
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("stderr").toFile()))
                .start();
    }

    /** A directory of its own, so that the fake host is found by this process only. */
    private static Path hostPortPath(Path directory) throws IOException {
        Path path = directory.resolve("host-port");
        Path services = path.resolve("META-INF/services/org.understudy.ha.api.spi.HostPort");
        if (Files.exists(services)) {
            return path;
        }
        Files.createDirectories(services.getParent());
        Files.writeString(services, FakeHostPort.class.getName());
        for (String name : List.of("FakeHostPort", "FakeHostPort$1")) {
            String file = FakeHostPort.class.getPackageName().replace('.', '/') + "/" + name + ".class";
            Files.createDirectories(path.resolve(file).getParent());
            try (InputStream in = FakeHostPort.class.getResourceAsStream("/" + file)) {
                Files.copy(in, path.resolve(file));
            }
        }
        return path;
    }

    String answer() throws IOException {
        return answer(answers);
    }

    /** The next line that is an answer and not of the log. */
    static String answer(BufferedReader lines) throws IOException {
        String line = lines.readLine();
        while (line != null && !line.startsWith("> ")) {
            line = lines.readLine();
        }
        return line == null ? "nothing" : line.substring(2);
    }

    void send(String command) throws IOException {
        commands.write(command + "\n");
        commands.flush();
    }

    void tell(String command) throws IOException {
        send(command);
        assertThat(answer()).startsWith("done");
    }

    /** The first will to arrive. */
    byte[] will() throws IOException {
        return will(WILL_MILLIS_MAX).orElseThrow(() -> new AssertionError("no will arrived"));
    }

    Optional<byte[]> will(int millis) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[2000], 2000);
        wills.setSoTimeout(millis);
        try {
            wills.receive(packet);
            return Optional.of(Arrays.copyOf(packet.getData(), packet.getLength()));
        } catch (SocketTimeoutException e) {
            return Optional.empty();
        }
    }

    static void awaitEnd(ProcessHandle process) throws Exception {
        process.onExit().get(20, TimeUnit.SECONDS);
    }

    /** One line of a file below /proc/pid, for example RssAnon in status. */
    static long kibibytes(long pid, String file, String field) throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(pid), file)).stream()
                .filter(line -> line.startsWith(field + ":"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void close() {
        guardian.destroyForcibly();
        node.destroyForcibly();
        wills.close();
    }
}
