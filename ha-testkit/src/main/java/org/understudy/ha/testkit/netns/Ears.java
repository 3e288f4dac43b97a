package org.understudy.ha.testkit.netns;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Asks each host directly, at a steady pace, whether it answers for each floating address.
 *
 * <p>The question is a TCP connection to a port nobody serves, sent through a card whose neighbour entries point at that one
 * host ({@link Host#listenTo}). A host that has the address answers with a reset, out of its kernel, even while its programs
 * stand still; a host that has not, or whose kernel mutes the address, stays silent. So this sees more than a client does.
 *
 * <p>Silence proves something only if an answer would have been heard. So each host is asked for its own address as well,
 * which it always answers for; {@link Hearing} judges by that.
 */
final class Ears {
    /** Controls are asked in every tenth round. */
    private static final int CONTROL_ROUNDS = 10;

    private static final long PATIENCE_NANOS = 50_000_000;
    private static final int SIGHTINGS_MAX = 2_000_000;
    /** TCP port discard (RFC 863): nobody serves it here. */
    private static final int CLOSED_PORT = 9;

    private final List<Ear> ears;
    private final long periodNanos;
    private final Deque<Question> open = new ArrayDeque<>();
    private final List<Sighting> recorded = new ArrayList<>();
    private boolean isRecording;

    /**
     * Whom to ask for what.
     *
     * @param address the name of the floating address
     * @param ip the floating address
     * @param host the host behind the card
     * @param source the card's own address
     * @param isControl whether the address is the host's own
     */
    record Ear(String address, String ip, String host, String source, boolean isControl) {}

    private record Question(Ear ear, long askedNanos, SocketChannel channel) {}

    Ears(List<Ear> ears, int periodMillis) {
        this.periodNanos = TimeUnit.MILLISECONDS.toNanos(periodMillis);
        this.ears = List.copyOf(ears);
    }

    synchronized void begin() {
        recorded.clear();
        isRecording = true;
    }

    synchronized List<Sighting> end() {
        isRecording = false;
        return List.copyOf(recorded);
    }

    /** What was recorded so far; the recording goes on. */
    synchronized List<Sighting> next() {
        List<Sighting> sofar = List.copyOf(recorded);
        recorded.clear();
        return sofar;
    }

    /** Asks until the thread is interrupted. */
    void run() throws IOException {
        long next = System.nanoTime();
        long round = 0;
        while (!Thread.currentThread().isInterrupted()) {
            if (isRecording()) {
                for (Ear ear : ears) {
                    if (!ear.isControl() || round % CONTROL_ROUNDS == 0) {
                        ask(ear);
                    }
                }
                round++;
            }
            collect();
            next += periodNanos;
            long now = System.nanoTime();
            if (next - now < 0) {
                next = now;
            }
            LockSupport.parkNanos(next - now);
        }
    }

    private synchronized boolean isRecording() {
        return isRecording;
    }

    private void ask(Ear ear) throws IOException {
        SocketChannel channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        long asked = System.nanoTime();
        try {
            channel.bind(new InetSocketAddress(ear.source(), 0));
            asked = System.nanoTime();
            if (channel.connect(new InetSocketAddress(ear.ip(), CLOSED_PORT))) {
                answered(ear, asked, channel);
                return;
            }
        } catch (ConnectException e) {
            answered(ear, asked, channel);
            return;
        } catch (IOException e) {
            // No route or no carrier: the question never left, so nobody answered it.
            silent(ear, asked, channel);
            return;
        }
        open.addLast(new Question(ear, asked, channel));
    }

    private void collect() throws IOException {
        int size = open.size();
        for (int i = 0; i < size; i++) {
            Question question = open.removeFirst();
            try {
                if (question.channel().finishConnect()) {
                    answered(question.ear(), question.askedNanos(), question.channel());
                    continue;
                }
            } catch (ConnectException e) {
                answered(question.ear(), question.askedNanos(), question.channel());
                continue;
            } catch (IOException e) {
                silent(question.ear(), question.askedNanos(), question.channel());
                continue;
            }
            if (System.nanoTime() - question.askedNanos() > PATIENCE_NANOS) {
                silent(question.ear(), question.askedNanos(), question.channel());
            } else {
                open.addLast(question);
            }
        }
    }

    private void answered(Ear ear, long askedNanos, SocketChannel channel) throws IOException {
        long now = System.nanoTime();
        channel.close();
        record(new Sighting(ear.address(), ear.host(), askedNanos, now));
    }

    private void silent(Ear ear, long askedNanos, SocketChannel channel) throws IOException {
        channel.close();
        record(new Sighting(ear.address(), ear.host(), askedNanos, 0));
    }

    private synchronized void record(Sighting sighting) {
        if (isRecording && recorded.size() < SIGHTINGS_MAX) {
            recorded.add(sighting);
        }
    }
}
