package org.understudy.ha.membership.core;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.membership.core.message.Message;

/**
 * What a node says to itself: the answers of its acceptor only once they are durable, everything else at once. Pure.
 *
 * <p>An answer that states nothing new still waits for every write that is under way: what it states may be in one of these.
 */
final class HomeDelivery {

    private final Deque<Message> inbox = new ArrayDeque<>();
    /** Of this step: what its fact must hold before they are delivered is not known before its end. */
    private final List<Message> answers = new ArrayList<>();
    /** Answers by the write that they wait for. */
    private final TreeMap<Long, List<Message>> held = new TreeMap<>();

    private final TreeMap<Long, DurableState> writing = new TreeMap<>();
    private long persistNumber;

    /** A new step begins. */
    void begin() {
        answers.clear();
    }

    /** Needs no disk. */
    void deliver(Message message) {
        inbox.add(message);
    }

    /** Of the acceptor: waits for the disk. */
    void answer(Message message) {
        answers.add(message);
    }

    boolean isEmpty() {
        return inbox.isEmpty();
    }

    /** The next message that may be taken. */
    Message next() {
        return inbox.removeFirst();
    }

    /** The step ends with a fact to write. Returns the number of the write; the step's answers wait for it. */
    long write(DurableState fact) {
        long number = ++persistNumber;
        writing.put(number, fact);
        held.put(number, List.copyOf(answers));
        return number;
    }

    /** The step ends with nothing new to write, but an earlier write may still be under way: its answers wait for that one. */
    void writeNothing() {
        if (answers.isEmpty()) {
            return;
        }
        if (writing.isEmpty()) {
            inbox.addAll(answers);
        } else {
            List<Message> waiting = new ArrayList<>(held.getOrDefault(writing.lastKey(), List.of()));
            waiting.addAll(answers);
            held.put(writing.lastKey(), waiting);
        }
    }

    /** This write and all before it are on disk. Returns the newest fact of them that was not known to be; empty if all were. */
    Optional<DurableState> persisted(long number) {
        SortedMap<Long, DurableState> done = writing.headMap(number + 1);
        Optional<DurableState> newest = done.isEmpty() ? Optional.empty() : Optional.of(done.get(done.lastKey()));
        done.clear();
        SortedMap<Long, List<Message>> due = held.headMap(number + 1);
        due.values().forEach(inbox::addAll);
        due.clear();
        return newest;
    }
}
