package org.understudy.ha.testkit.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * A service that compares tokens, as every store should that an owner writes to: it knows the highest token that ever opened
 * or wrote, and refuses a lower one. Runs in a client's host, where no fault of the suite reaches it.
 *
 * <p>Argument: a port. Requests, one a line: {@code open GROUP LIFE TOKEN}, answered {@code value V} or {@code stale HIGHEST};
 * {@code put GROUP LIFE TOKEN V}, answered {@code ok} or {@code stale HIGHEST}. Each decision is reported in the order it was
 * taken: {@code O}, {@code W} or {@code R}, instant, group, life, token, value or highest token.
 */
public final class SinkMain {
    private static final int LINE_MAX = 256;

    private final Report report = new Report();
    private final Map<String, Register> registers = new TreeMap<>();

    private static final class Register {
        private long highest;
        private long value;
    }

    private SinkMain() {}

    public static void main(String[] arguments) throws IOException {
        SinkMain sink = new SinkMain();
        try (ServerSocket listener = new ServerSocket(Integer.parseInt(arguments[0]))) {
            sink.report.line("listening");
            while (true) {
                Socket socket = listener.accept();
                Thread thread = new Thread(() -> sink.serve(socket), "ha-testkit-sink");
                thread.setDaemon(true);
                thread.start();
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            // A writer that was killed or cut off says nothing; its thread must not stay for ever.
            socket.setSoTimeout(60_000);
            BufferedReader in = new BufferedReader(
                    new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII), LINE_MAX);
            Writer out = new OutputStreamWriter(socket.getOutputStream(), StandardCharsets.US_ASCII);
            for (String line = in.readLine(); line != null && line.length() < LINE_MAX; line = in.readLine()) {
                out.write(decide(line.split(" ")) + "\n");
                out.flush();
            }
        } catch (IOException e) {
            // The writer went away; what it was told or not told is its own history.
            return;
        }
    }

    private synchronized String decide(String[] words) {
        Register register = registers.computeIfAbsent(words[1], g -> new Register());
        long token = Long.parseLong(words[3]);
        long now = System.nanoTime();
        if (token < register.highest) {
            report.line("R", now, words[1], words[2], token, register.highest);
            return "stale " + register.highest;
        }
        register.highest = token;
        if (words[0].equals("open")) {
            report.line("O", now, words[1], words[2], token, register.value);
            return "value " + register.value;
        }
        register.value = Long.parseLong(words[4]);
        report.line("W", now, words[1], words[2], token, register.value);
        return "ok";
    }
}
