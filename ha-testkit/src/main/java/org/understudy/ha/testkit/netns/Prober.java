package org.understudy.ha.testkit.netns;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Asks services as a client would: at a steady pace a new TCP connection to each address, one HTTP/1.0 request, one answer.
 *
 * <p>The schedule is absolute: a late round is made up for, so the rate never drifts; only what is later than the patience with
 * an answer is left out. Each connection ends with a reset (SO_LINGER 0), so that no side collects TIME_WAIT entries.
 * One thread calls everything here except {@link #begin}, {@link #end}, {@link #next}, {@link #last} and {@link #probing}, which any thread may.
 */
final class Prober {
    private static final long PATIENCE_NANOS = 200_000_000;
    private static final int PROBES_MAX = 1_000_000;
    private static final byte[] REQUEST = "GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final Map<String, InetSocketAddress> targets;
    private final long periodNanos;
    private final Selector selector;
    private final ByteBuffer buffer = ByteBuffer.allocate(2048);
    private final Deque<Attempt> open = new ArrayDeque<>();
    private final Map<String, Probe> last = new TreeMap<>();
    private final List<Probe> recorded = new ArrayList<>();
    private boolean isProbing;
    private boolean isRecording;
    private long recordedFrom;

    /** A connection under way. */
    private static final class Attempt {
        private final String address;
        private final long sentNanos;
        private final StringBuilder answer = new StringBuilder();
        private boolean isOver;
        private boolean isRequested;
        private final SocketChannel channel;

        Attempt(String address, long sentNanos, SocketChannel channel) {
            this.address = address;
            this.sentNanos = sentNanos;
            this.channel = channel;
        }
    }

    Prober(Map<String, InetSocketAddress> targets, int periodMillis) throws IOException {
        this.periodNanos = TimeUnit.MILLISECONDS.toNanos(periodMillis);
        this.targets = new TreeMap<>(targets);
        this.selector = Selector.open();
    }

    synchronized void probing(boolean isOn) {
        isProbing = isOn;
    }

    synchronized void begin(long nowNanos) {
        recorded.clear();
        isRecording = true;
        recordedFrom = nowNanos;
    }

    /** Ends the recording; requests still under way are not in it. */
    synchronized List<Probe> end() {
        isRecording = false;
        return List.copyOf(recorded);
    }

    /** What was recorded so far; the recording goes on. */
    synchronized List<Probe> next() {
        List<Probe> sofar = List.copyOf(recorded);
        recorded.clear();
        return sofar;
    }

    /** The newest answer for each address. */
    synchronized Map<String, Probe> last() {
        return new TreeMap<>(last);
    }

    /** Probes until the thread is interrupted. */
    void run() throws IOException {
        long next = System.nanoTime();
        while (!Thread.currentThread().isInterrupted()) {
            long now = System.nanoTime();
            if (now - next > PATIENCE_NANOS) {
                next = now;
            }
            if (now - next >= 0) {
                if (isProbing()) {
                    for (Map.Entry<String, InetSocketAddress> target : targets.entrySet()) {
                        launch(target.getKey(), target.getValue());
                    }
                }
                next += periodNanos;
                now = System.nanoTime();
            }
            expire(now);
            // On a machine that cannot keep the pace, answers are still read and descriptors given back between two
            // rounds.
            if (now - next >= 0) {
                selector.selectNow(key -> proceed((Attempt) key.attachment()));
            } else {
                selector.select(
                        key -> proceed((Attempt) key.attachment()),
                        Math.max(1, TimeUnit.NANOSECONDS.toMillis(next - now)));
            }
        }
    }

    private synchronized boolean isProbing() {
        return isProbing;
    }

    private void launch(String address, InetSocketAddress to) throws IOException {
        SocketChannel channel = SocketChannel.open();
        Attempt attempt = new Attempt(address, System.nanoTime(), channel);
        open.addLast(attempt);
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            boolean isConnected = channel.connect(to);
            channel.register(selector, isConnected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT, attempt);
            if (isConnected) {
                request(attempt);
            }
        } catch (IOException e) {
            // No route, no neighbour, refused: for the client all of them are a request without an answer.
            finish(attempt, 0, "");
        }
    }

    private void proceed(Attempt attempt) {
        if (attempt.isOver) {
            return;
        }
        try {
            if (!attempt.isRequested) {
                if (!attempt.channel.finishConnect()) {
                    return;
                }
                attempt.channel.register(selector, SelectionKey.OP_READ, attempt);
                request(attempt);
            }
            buffer.clear();
            int read = attempt.channel.read(buffer);
            if (read > 0) {
                attempt.answer.append(new String(buffer.array(), 0, read, StandardCharsets.US_ASCII));
            }
            String server = server(attempt.answer);
            if (!server.isEmpty()) {
                finish(attempt, System.nanoTime(), server);
            } else if (read < 0 || attempt.answer.length() > 4096) {
                finish(attempt, 0, "");
            }
        } catch (IOException e) {
            // Reset or refused: no answer.
            finish(attempt, 0, "");
        }
    }

    private void request(Attempt attempt) throws IOException {
        attempt.isRequested = true;
        attempt.channel.write(ByteBuffer.wrap(REQUEST));
    }

    /** The words after "served by" in a complete answer, or nothing yet. */
    static String server(CharSequence answer) {
        String text = answer.toString();
        int from = text.indexOf(" served by ");
        int to = from < 0 ? -1 : text.indexOf('\n', from);
        return to < 0 ? "" : text.substring(from + " served by ".length(), to).strip();
    }

    private void expire(long now) {
        while (!open.isEmpty() && (open.peekFirst().isOver || now - open.peekFirst().sentNanos > PATIENCE_NANOS)) {
            Attempt oldest = open.removeFirst();
            if (!oldest.isOver) {
                finish(oldest, 0, "");
            }
        }
    }

    private void finish(Attempt attempt, long answeredNanos, String server) {
        attempt.isOver = true;
        try {
            attempt.channel.close();
        } catch (IOException e) {
            // The descriptor is gone either way, and the outcome of the request is known already.
            attempt.answer.setLength(0);
        }
        record(new Probe(attempt.address, attempt.sentNanos, answeredNanos, server));
    }

    private synchronized void record(Probe probe) {
        if (probe.isAnswered()) {
            last.put(probe.address(), probe);
        }
        if (isRecording && probe.sentNanos() - recordedFrom >= 0 && recorded.size() < PROBES_MAX) {
            recorded.add(probe);
        }
    }
}
