package org.understudy.ha.testkit.figures;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Answers HTTP with a line that says who serves, and on another port accepts connections on which it says nothing. */
final class TakeoverService {
    static final int PORT = 8081;
    static final int IDLE_PORT = 8082;
    private static final int BACKLOG = 512;
    private static final int THREADS = 4;
    private static final int PATIENCE_MILLIS = 300;

    private Optional<ServerSocket> listener = Optional.empty();
    private Optional<ServerSocket> idle = Optional.empty();
    private Optional<ThreadPoolExecutor> workers = Optional.empty();
    /** Of the thread that accepts; a reference keeps each of them open. */
    private List<Socket> silent = new ArrayList<>();

    /** Serves until the process ends, whoever has the addresses. Argument: who. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        new TakeoverService().open(arguments[0]);
        new CountDownLatch(1).await();
    }

    /** Does what needs neither the ports nor a name. */
    void prepare() {
        if (workers.isEmpty()) {
            ThreadPoolExecutor ready = new ThreadPoolExecutor(
                    THREADS + 1,
                    THREADS + 1,
                    0,
                    TimeUnit.SECONDS,
                    new LinkedBlockingQueue<>(),
                    TakeoverService::thread);
            ready.prestartAllCoreThreads();
            workers = Optional.of(ready);
        }
    }

    /** Ends what was prepared, and what serves. */
    void retire() {
        workers.ifPresent(ThreadPoolExecutor::shutdown);
        workers = Optional.empty();
    }

    void open(String who) throws IOException {
        closePorts();
        prepare();
        ThreadPoolExecutor serving = workers.orElseThrow();
        byte[] answer = ("HTTP/1.0 200 OK\r\n\r\nservice served by " + who + "\n").getBytes(StandardCharsets.US_ASCII);
        ServerSocket served = new ServerSocket(PORT, BACKLOG);
        listener = Optional.of(served);
        ServerSocket kept = new ServerSocket(IDLE_PORT, BACKLOG);
        idle = Optional.of(kept);
        for (int i = 0; i < THREADS; i++) {
            serving.execute(() -> serve(served, answer));
        }
        List<Socket> mine = new ArrayList<>();
        silent = mine;
        serving.execute(() -> keep(kept, mine));
    }

    /** Listens no more. Connections that are there stay: who moves the addresses answers for them. */
    void close() throws IOException {
        closePorts();
        retire();
    }

    private void closePorts() throws IOException {
        for (Optional<ServerSocket> socket : List.of(listener, idle)) {
            if (socket.isPresent()) {
                socket.get().close();
            }
        }
    }

    boolean isOpen() {
        return listener.filter(l -> !l.isClosed()).isPresent();
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "service");
        thread.setDaemon(true);
        return thread;
    }

    private static void serve(ServerSocket listener, byte[] answer) {
        while (!listener.isClosed()) {
            try (Socket client = listener.accept()) {
                client.setSoTimeout(PATIENCE_MILLIS);
                if (client.getInputStream().read(new byte[1024]) > 0) {
                    client.getOutputStream().write(answer);
                }
            } catch (IOException e) {
                continue; // The client went away, or the listener was closed: the loop tells them apart.
            }
        }
    }

    private static void keep(ServerSocket listener, List<Socket> silent) {
        while (!listener.isClosed()) {
            try {
                silent.add(listener.accept());
            } catch (IOException e) {
                continue; // As above.
            }
        }
    }
}
