package org.understudy.ha.samples.mutualfailover;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;

/** A small HTTP service that says who serves it and under which token. */
final class LineService implements ManagedResource {
    private final int port;
    private volatile Optional<ServerSocket> listener = Optional.empty();

    LineService(int port) {
        this.port = port;
    }

    @Override
    public void start(StartContext context) throws ResourceException {
        String line = context.group() + " served by " + context.holder() + " token " + context.token() + "\n";
        byte[] answer = ("HTTP/1.0 200 OK\r\n\r\n" + line).getBytes(StandardCharsets.UTF_8);
        try {
            close();
            ServerSocket socket = new ServerSocket(port, 512);
            listener = Optional.of(socket);
            for (int i = 0; i < 4; i++) {
                new Thread(() -> serve(socket, answer), context.group() + "-" + i).start();
            }
        } catch (IOException e) {
            throw new ResourceException(Severity.HARD, "cannot listen on port " + port + ": " + e.getMessage(), e);
        }
    }

    private static void serve(ServerSocket listener, byte[] answer) {
        while (!listener.isClosed()) {
            try (Socket socket = listener.accept()) {
                socket.setSoTimeout(500);
                if (socket.getInputStream().read(new byte[1024]) > 0) {
                    socket.getOutputStream().write(answer);
                }
            } catch (IOException e) {
                continue; // The client went away, or the listener was closed: the loop tells them apart.
            }
        }
    }

    @Override
    public void stop(StopContext context) throws ResourceException {
        try {
            close();
        } catch (IOException e) {
            throw new ResourceException(Severity.SOFT, "port " + port + " may still be open: " + e.getMessage(), e);
        }
    }

    @Override
    public boolean endsWithItsThreads() {
        return true; // It only answers.
    }

    private void close() throws IOException {
        if (listener.isPresent()) {
            listener.get().close();
        }
    }

    @Override
    public Health monitor() {
        return listener.filter(l -> !l.isClosed()).isPresent() ? Health.healthy() : Health.notRunning();
    }
}
