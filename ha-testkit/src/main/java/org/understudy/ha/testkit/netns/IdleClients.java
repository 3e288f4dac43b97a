package org.understudy.ha.testkit.netns;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** Connections on which nobody says anything, as a connection pool keeps them, and when each client learned that its own is over. */
final class IdleClients implements AutoCloseable {
    private static final int CONNECT_MILLIS = 1_000;

    private final Map<String, InetSocketAddress> services;
    private final Selector selector;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Client> clients = new ArrayList<>();
    private final Thread reader = new Thread(this::run, "ha-testkit-idle-clients");

    /** One of them. */
    private static final class Client {
        private final String address;
        private final SocketChannel channel;
        private volatile long endedNanos;
        private volatile boolean isReset;

        Client(String address, SocketChannel channel) {
            this.address = address;
            this.channel = channel;
        }
    }

    IdleClients(Map<String, InetSocketAddress> services) throws IOException {
        this.services = Map.copyOf(services);
        this.selector = Selector.open();
    }

    void start() {
        reader.setDaemon(true);
        reader.start();
    }

    /** Forgets those that are there, makes new ones, and returns how many could be made. */
    int connect(int count) throws IOException {
        lock.lock();
        try {
            for (Client client : clients) {
                client.channel.close();
            }
            clients.clear();
            // Closed channels keep their descriptors until the selector's next turn.
            selector.wakeup();
            for (Map.Entry<String, InetSocketAddress> service : services.entrySet()) {
                for (int i = 0; i < count; i++) {
                    open(service.getKey(), service.getValue());
                }
            }
            return clients.size();
        } finally {
            lock.unlock();
        }
    }

    private void open(String address, InetSocketAddress to) throws IOException {
        SocketChannel channel = SocketChannel.open();
        try {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            channel.socket().connect(to, CONNECT_MILLIS);
            channel.configureBlocking(false);
            Client client = new Client(address, channel);
            channel.register(selector, SelectionKey.OP_READ, client);
            clients.add(client);
            selector.wakeup();
        } catch (IOException e) {
            // Nobody answered: the caller counts.
            channel.close();
        }
    }

    List<Bystander.Idle> all() {
        lock.lock();
        try {
            return clients.stream()
                    .map(c -> new Bystander.Idle(c.address, c.endedNanos, c.isReset))
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        ByteBuffer buffer = ByteBuffer.allocate(64);
        try {
            while (selector.isOpen()) {
                selector.select(TimeUnit.SECONDS.toMillis(1));
                long now = System.nanoTime();
                Iterator<SelectionKey> keys = selector.selectedKeys().iterator();
                while (keys.hasNext()) {
                    SelectionKey key = keys.next();
                    keys.remove();
                    read((Client) key.attachment(), key, buffer, now);
                }
            }
        } catch (IOException e) {
            System.err.println("idle clients are not watched any more: " + e.getMessage());
            Runtime.getRuntime().halt(3);
        }
    }

    private static void read(Client client, SelectionKey key, ByteBuffer buffer, long now) {
        buffer.clear();
        try {
            if (client.channel.read(buffer) < 0) {
                client.endedNanos = now;
                key.cancel();
            }
        } catch (IOException e) {
            // Reset, unless we closed it ourselves; then nobody asks for it any more.
            client.isReset = true;
            client.endedNanos = now;
            key.cancel();
        }
    }

    @Override
    public void close() throws IOException {
        reader.interrupt();
        selector.close();
    }
}
