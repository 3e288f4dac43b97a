package org.understudy.ha.testkit.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * An owner that writes all the time to a sink that compares tokens ({@link SinkMain}): it asks for the value, then writes the
 * next one and the next one while its lease is valid. What was acknowledged is reported: {@code A}, two instants, group,
 * life, token, value.
 */
final class GuardedWriter extends Acting {
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final int PATIENCE_MILLIS = 500;

    private final InetSocketAddress sink;
    private volatile Optional<Socket> connection = Optional.empty();

    GuardedWriter(Report report, String life, InetSocketAddress sink) {
        super(report, life);
        this.sink = sink;
    }

    @Override
    void open(StartContext context) {
        // The sink may be out of reach for a while; that is no reason not to own the group.
    }

    @Override
    void act(StartContext context) {
        boolean isStale = false;
        while (!Thread.currentThread().isInterrupted()) {
            if (!isStale && context.lease().isValid()) {
                isStale = write(context);
            }
            LockSupport.parkNanos(PERIOD_NANOS);
        }
    }

    /** Writes until something comes between; a write without an answer is unknown, and the next opening tells what became of it. */
    private boolean write(StartContext context) {
        String who = " " + context.group() + " " + life + " " + context.token().value();
        try (Socket socket = new Socket()) {
            connection = Optional.of(socket);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.connect(sink, PATIENCE_MILLIS);
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII), 256);
            String[] opened = ask(socket, in, "open" + who);
            if (opened[0].equals("stale")) {
                return true;
            }
            long value = Long.parseLong(opened[1]);
            while (!Thread.currentThread().isInterrupted() && context.lease().isValid()) {
                long from = System.nanoTime();
                if (ask(socket, in, "put" + who + " " + (value + 1))[0].equals("stale")) {
                    return true;
                }
                value++;
                report.line(
                        "A",
                        from,
                        System.nanoTime(),
                        context.group(),
                        life,
                        context.token().value(),
                        value);
                LockSupport.parkNanos(PERIOD_NANOS);
            }
            return false;
        } catch (IOException e) {
            // Out of reach, cut off or closed by a stop.
            return false;
        }
    }

    private static String[] ask(Socket socket, BufferedReader in, String request) throws IOException {
        socket.getOutputStream().write((request + "\n").getBytes(StandardCharsets.US_ASCII));
        String answer = in.readLine();
        if (answer == null) {
            throw new IOException("the sink hung up");
        }
        return answer.split(" ");
    }

    @Override
    void close(StopContext context) {
        connection.ifPresent(socket -> {
            try {
                socket.close();
            } catch (IOException e) {
                // The descriptor is gone either way, and the thread is waited for.
                connection = Optional.empty();
            }
        });
    }
}
