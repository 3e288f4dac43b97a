package org.understudy.ha.membership.checks;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.ConnectException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.SocketFactory;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.apache.commons.net.DatagramSocketFactory;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.membership.checks.CheckSocket.Allowance;
import org.understudy.ha.membership.checks.CheckSocket.TooMuchException;
import org.understudy.ha.membership.checks.core.StrangersText;

/**
 * One conversation with a server: all sockets of a check, the deadline they end at, and what becomes of failures. Whatever was opened is closed
 * at the end, without waiting for the other side.
 */
final class Talk implements AutoCloseable {
    private static final Duration FAREWELL = Duration.ofMillis(200);
    private static final int CHUNK_BYTES = 4096;

    private final Deadline deadline;
    private final Allowance allowance;
    private final List<Closeable> opened = new ArrayList<>();

    /** What a check says and hears; its result's reason goes on from the name of what is checked. */
    interface Dialogue {
        CheckResult hold(Talk talk) throws IOException;
    }

    /** Something said at the end. */
    interface Farewell {
        void say() throws IOException;
    }

    private Talk(Deadline deadline, int bytesMax) {
        this.deadline = deadline;
        this.allowance = new Allowance(bytesMax);
    }

    static CheckResult hold(String what, Duration timeout, int bytesMax, Dialogue dialogue)
            throws InterruptedException {
        Deadline deadline = Deadline.in(timeout);
        refuseIfInterrupted(what);
        CheckResult result;
        try (Talk talk = new Talk(deadline, bytesMax)) {
            result = dialogue.hold(talk);
        } catch (IOException e) {
            result = failure(e, deadline);
        } catch (RuntimeException e) {
            // The libraries that read what servers say are not all prepared for everything.
            result = CheckResult.no("said something that its protocol does not know (" + e + ")");
        }
        refuseIfInterrupted(what);
        return result.about(what);
    }

    private static void refuseIfInterrupted(String what) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("the check of " + what + " was interrupted");
        }
    }

    static CheckResult failure(Throwable e, Deadline deadline) {
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof TooMuchException) {
                return CheckResult.no("does not stop talking: " + t.getMessage());
            }
        }
        String message = StrangersText.oneLine(String.valueOf(e.getMessage()));
        if (e instanceof SocketTimeoutException || deadline.isOver()) {
            return late(deadline);
        }
        if (e instanceof PortUnreachableException) {
            return CheckResult.no("cannot be reached: nobody listens there");
        }
        if (e instanceof BindException || message.contains("Too many open files")) {
            return CheckResult.unknown("could not be asked: this host has no socket left (" + message + ")");
        }
        if (e instanceof ConnectException || e instanceof NoRouteToHostException || message.contains("unreachable")) {
            return CheckResult.no("cannot be reached: " + message);
        }
        if (e instanceof SSLException) {
            return CheckResult.no("has no TLS that is trusted here: " + message);
        }
        if (e instanceof EOFException) {
            return CheckResult.no("closed the connection");
        }
        return CheckResult.no("broke off: " + message);
    }

    static CheckResult late(Deadline deadline) {
        return CheckResult.late("did not answer within " + deadline.budget());
    }

    Deadline deadline() {
        return deadline;
    }

    /** Closes it when the talk ends. */
    <T extends Closeable> T keep(T socket) {
        opened.add(socket);
        return socket;
    }

    Socket connect(InetAddress address, int port) throws IOException {
        Socket socket = keep(CheckSocket.open(deadline, allowance));
        socket.connect(new InetSocketAddress(address, port));
        return socket;
    }

    /** From a connection to one that is encrypted, with a server whose certificate has that name. */
    static Socket secure(Socket plain, Tls tls, String name) throws IOException {
        SSLSocket secure =
                (SSLSocket) tls.context().getSocketFactory().createSocket(plain, name, plain.getPort(), false);
        SSLParameters parameters = secure.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        secure.setSSLParameters(parameters);
        secure.startHandshake();
        return secure;
    }

    Socket connect(Server server) throws IOException {
        Socket plain = connect(server.address(), server.port());
        Tls tls = server.tls();
        return tls == null ? plain : secure(plain, tls, server.certificateName());
    }

    /** Hears that one address and no other. */
    DatagramSocket datagrams(InetAddress address, int port) throws IOException {
        DatagramChannel channel = keep(DatagramChannel.open());
        channel.connect(new InetSocketAddress(address, port));
        DatagramSocket socket = channel.socket();
        socket.setSoTimeout(deadline.nextMillis());
        return socket;
    }

    /** The same as a factory, for clients that make their socket themselves. */
    DatagramSocketFactory datagramSockets(InetAddress address, int port) throws IOException {
        DatagramSocket socket = datagrams(address, port);
        return new DatagramSocketFactory() {
            @Override
            public DatagramSocket createDatagramSocket() {
                return socket;
            }

            @Override
            public DatagramSocket createDatagramSocket(int localPort) {
                return socket;
            }

            @Override
            public DatagramSocket createDatagramSocket(int localPort, InetAddress local) {
                return socket;
            }
        };
    }

    Duration left() throws IOException {
        return Duration.ofMillis(deadline.nextMillis());
    }

    SocketFactory sockets() {
        return new SocketFactory() {
            @Override
            public Socket createSocket() throws IOException {
                return keep(CheckSocket.open(deadline, allowance));
            }

            @Override
            public Socket createSocket(String host, int port) throws IOException {
                return connect(InetAddress.getByName(host), port);
            }

            @Override
            public Socket createSocket(String host, int port, InetAddress local, int localPort) throws IOException {
                return connect(InetAddress.getByName(host), port);
            }

            @Override
            public Socket createSocket(InetAddress address, int port) throws IOException {
                return connect(address, port);
            }

            @Override
            public Socket createSocket(InetAddress address, int port, InetAddress local, int localPort)
                    throws IOException {
                return connect(address, port);
            }
        };
    }

    /** Compares all that was said. */
    CheckResult compare(@Nullable Pattern expected, CharSequence said) {
        return Expected.problem(expected, said, deadline)
                .orElseGet(() -> CheckResult.yes("answers as it should" + Expected.quoted(said)));
    }

    /** Reads until the pattern is found, or the first bytes without one. */
    CheckResult listen(InputStream in, @Nullable Pattern expected) throws IOException {
        StringBuilder said = new StringBuilder();
        byte[] chunk = new byte[CHUNK_BYTES];
        while (true) {
            int count;
            try {
                count = in.read(chunk);
            } catch (SocketTimeoutException e) {
                return said.length() == 0 ? late(deadline) : slow(expected, said);
            }
            if (count < 0 && said.length() == 0) {
                throw new EOFException();
            }
            said.append(new String(chunk, 0, Math.max(0, count), StandardCharsets.ISO_8859_1));
            Optional<CheckResult> problem = Expected.problem(expected, said, deadline);
            if (problem.isEmpty()) {
                return CheckResult.yes("answers as it should" + Expected.quoted(said));
            }
            if (count < 0 || problem.get().answer() == CheckResult.Answer.UNKNOWN) {
                return problem.get();
            }
        }
    }

    private CheckResult slow(@Nullable Pattern expected, CharSequence said) {
        return CheckResult.late(
                "said nothing that matches " + expected + " within " + deadline.budget() + Expected.quoted(said));
    }

    /** Says goodbye for a moment; how that goes does not matter any more. */
    void part(Farewell farewell) {
        deadline.hasten(FAREWELL);
        try {
            farewell.say();
        } catch (IOException | RuntimeException e) {
            // All that was asked has been answered.
            return;
        }
    }

    @Override
    public void close() {
        for (Closeable one : opened) {
            try {
                one.close();
            } catch (IOException e) {
                // Nothing was left to be written; the descriptor is gone in any case.
                continue;
            }
        }
    }
}
