package org.understudy.ha.membership.checks;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import org.understudy.ha.membership.FreePorts;

/** A server on the loopback address that does what a script says, also what no server should. */
final class FakeServer implements AutoCloseable {
    private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final ServerSocket listener;
    private final List<Socket> open = new ArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicLong sent = new AtomicLong();
    private int accepted;

    /** What it does with one connection; it is closed afterwards. */
    interface Script {
        void talk(Socket socket, FakeServer server) throws IOException;
    }

    private FakeServer(ServerSocket listener, Script script) {
        this.listener = listener;
        Thread thread = new Thread(() -> accept(script), "fake-server");
        thread.setDaemon(true);
        thread.start();
    }

    static FakeServer tcp(Script script) throws IOException {
        return new FakeServer(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), script);
    }

    static FakeServer tls(SSLContext context, Script script) throws IOException {
        return new FakeServer(
                context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress()), script);
    }

    /** A port on which nobody listens. */
    static int silentPort() throws IOException {
        return FreePorts.choose(1).get(0);
    }

    int port() {
        return listener.getLocalPort();
    }

    private void accept(Script script) {
        try {
            while (true) {
                Socket socket = listener.accept();
                synchronized (open) {
                    open.add(socket);
                    accepted++;
                    open.notifyAll();
                }
                Thread thread = new Thread(() -> serve(script, socket), "fake-server-connection");
                thread.setDaemon(true);
                thread.start();
            }
        } catch (IOException e) {
            // Closed.
            return;
        }
    }

    private void serve(Script script, Socket socket) {
        try (socket) {
            script.talk(socket, this);
        } catch (IOException e) {
            // The client left.
            return;
        } finally {
            synchronized (open) {
                open.remove(socket);
                open.notifyAll();
            }
        }
    }

    void awaitConnection() throws InterruptedException {
        synchronized (open) {
            long end = System.nanoTime() + WAIT_NANOS;
            while (accepted == 0 && System.nanoTime() < end) {
                open.wait(1000);
            }
            if (accepted == 0) {
                throw new AssertionError("nobody connected");
            }
        }
    }

    /** For scripts that end when the client has gone. */
    void awaitNoConnection() throws InterruptedException {
        synchronized (open) {
            long end = System.nanoTime() + WAIT_NANOS;
            while (!open.isEmpty() && System.nanoTime() < end) {
                open.wait(1000);
            }
            if (!open.isEmpty()) {
                throw new AssertionError(open.size() + " connections are left open");
            }
        }
    }

    int accepted() {
        synchronized (open) {
            return accepted;
        }
    }

    /** What a flood brought into the world, the kernel's buffers included. */
    long sent() {
        return sent.get();
    }

    @Override
    public void close() throws IOException {
        closed.countDown();
        listener.close();
        List<Socket> left;
        synchronized (open) {
            left = List.copyOf(open);
        }
        for (Socket socket : left) {
            socket.close();
        }
    }

    /** Says the text and then answers lines: by the first key that a line, in upper case, begins with; {@code %t} is its first word. */
    static Script lines(String greeting, Map<String, String> answers) {
        return (socket, server) -> {
            say(socket, greeting);
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String asked = line;
                String upper = line.toUpperCase(Locale.ROOT);
                String answer = answers.entrySet().stream()
                        .filter(e -> upper.matches("(?s)" + e.getKey() + ".*"))
                        .map(Map.Entry::getValue)
                        .findFirst()
                        .orElse("500 what?\r\n");
                say(socket, answer.replace("%t", asked.split(" ")[0]));
            }
        };
    }

    static void say(Socket socket, String text) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    /** Accepts, listens and never says a word. */
    static Script hanging() {
        return (socket, server) -> {
            byte[] chunk = new byte[1024];
            while (socket.getInputStream().read(chunk) >= 0) {
                continue;
            }
        };
    }

    static Script resetting() {
        return (socket, server) -> socket.setSoLinger(true, 0);
    }

    static Script closing() {
        return (socket, server) -> {};
    }

    static Script garbage(long seed) {
        return (socket, server) -> {
            byte[] bytes = new byte[8192];
            new Random(seed).nextBytes(bytes);
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
            hanging().talk(socket, server);
        };
    }

    /** The text, and then the same line without an end. */
    static Script flooding(String greeting) {
        return (socket, server) -> {
            say(socket, greeting);
            byte[] much = "x".repeat(16 * 1024).getBytes(StandardCharsets.ISO_8859_1);
            while (true) {
                socket.getOutputStream().write(much);
                server.sent.addAndGet(much.length);
            }
        };
    }

    /** The text, and then one character after the other, for ever. */
    static Script dripping(String greeting) {
        return (socket, server) -> {
            say(socket, greeting);
            try {
                while (!server.closed.await(20, TimeUnit.MILLISECONDS)) {
                    say(socket, "x");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
    }

    /** Answers datagrams; an empty answer is none. */
    static Datagrams udp(UnaryOperator<byte[]> answer) throws IOException {
        return new Datagrams(answer);
    }

    /** The same over UDP. */
    static final class Datagrams implements Closeable {
        private final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());

        private Datagrams(UnaryOperator<byte[]> answer) throws IOException {
            Thread thread = new Thread(() -> serve(answer), "fake-datagrams");
            thread.setDaemon(true);
            thread.start();
        }

        private void serve(UnaryOperator<byte[]> answer) {
            try {
                while (true) {
                    DatagramPacket packet = new DatagramPacket(new byte[4096], 4096);
                    socket.receive(packet);
                    byte[] out = answer.apply(Arrays.copyOf(packet.getData(), packet.getLength()));
                    if (out.length > 0) {
                        socket.send(new DatagramPacket(out, out.length, packet.getSocketAddress()));
                    }
                }
            } catch (IOException e) {
                // Closed.
                return;
            }
        }

        int port() {
            return socket.getLocalPort();
        }

        @Override
        public void close() {
            socket.close();
        }
    }
}
