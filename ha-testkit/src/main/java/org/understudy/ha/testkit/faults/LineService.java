package org.understudy.ha.testkit.faults;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;

/** An HTTP service behind the floating address: says who serves it and under which token. */
final class LineService extends Acting {
    private static final int READ_MILLIS = 300;

    private final int port;
    private volatile Optional<ServerSocket> listener = Optional.empty();

    LineService(Report report, String life, int port) {
        super(report, life);
        this.port = port;
    }

    @Override
    void open(StartContext context) throws ResourceException {
        try {
            listener = Optional.of(new ServerSocket(port, 512));
        } catch (IOException e) {
            throw new ResourceException(Severity.HARD, "cannot listen on port " + port + ": " + e.getMessage(), e);
        }
    }

    @Override
    void act(StartContext context) {
        String line = context.group() + " served by " + life + " token "
                + context.token().value() + "\n";
        byte[] answer = ("HTTP/1.0 200 OK\r\n\r\n" + line).getBytes(StandardCharsets.UTF_8);
        ServerSocket socket = listener.orElseThrow();
        while (!socket.isClosed()) {
            try (Socket client = socket.accept()) {
                client.setSoTimeout(READ_MILLIS);
                if (client.getInputStream().read(new byte[1024]) > 0) {
                    client.getOutputStream().write(answer);
                }
            } catch (IOException e) {
                continue; // The client went away, or the listener was closed: the loop tells them apart.
            }
        }
    }

    @Override
    void close(StopContext context) throws ResourceException {
        try {
            if (listener.isPresent()) {
                listener.get().close();
            }
        } catch (IOException e) {
            throw new ResourceException(Severity.SOFT, "port " + port + " may still be open: " + e.getMessage(), e);
        }
    }
}
