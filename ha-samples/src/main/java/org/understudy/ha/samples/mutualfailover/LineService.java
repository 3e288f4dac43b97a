package org.understudy.ha.samples.mutualfailover;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;

/** A small HTTP service that says who serves it and under which token. */
final class LineService implements ManagedResource {
    private static final int THREADS = 4;

    private final int port;
    private volatile Optional<ServerSocket> listener = Optional.empty();
    private Optional<ThreadPoolExecutor> workers = Optional.empty();

    LineService(int port) {
        this.port = port;
    }

    /** While the other node still serves: what a start would have to wait for. */
    @Override
    public void prepare(PrepareContext context) {
        startThreads();
    }

    private void startThreads() {
        if (workers.isEmpty()) {
            ThreadPoolExecutor ready =
                    new ThreadPoolExecutor(THREADS, THREADS, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
            ready.prestartAllCoreThreads();
            workers = Optional.of(ready);
        }
    }

    @Override
    public void start(StartContext context) throws ResourceException {
        String line = context.group() + " served by " + context.holder() + " token " + context.token() + "\n";
        byte[] answer = ("HTTP/1.0 200 OK\r\n\r\n" + line).getBytes(StandardCharsets.UTF_8);
        try {
            closePort();
            startThreads();
            ServerSocket socket = new ServerSocket(port, 512);
            listener = Optional.of(socket);
            for (int i = 0; i < THREADS; i++) {
                workers.orElseThrow().execute(() -> serve(socket, answer));
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
            closePort();
            retire();
        } catch (IOException e) {
            throw new ResourceException(Severity.SOFT, "port " + port + " may still be open: " + e.getMessage(), e);
        }
    }

    /** It does not come here after all. */
    @Override
    public void retire() {
        workers.ifPresent(ThreadPoolExecutor::shutdown);
        workers = Optional.empty();
    }

    @Override
    public boolean endsWithItsThreads() {
        return true; // It only answers.
    }

    private void closePort() throws IOException {
        if (listener.isPresent()) {
            listener.get().close();
        }
    }

    @Override
    public Health monitor() {
        return listener.filter(l -> !l.isClosed()).isPresent() ? Health.healthy() : Health.notRunning();
    }
}
