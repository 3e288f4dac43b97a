package org.understudy.ha.membership.core;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.membership.core.message.Message;

/**
 * What one step of a machine orders and says, in order: what leaves at once, what waits until the step's fact is on disk, and what people are
 * told. Pure.
 *
 * <p>Whatever states what this disk holds goes behind the fact. What is only told once is told again when it reads otherwise.
 */
final class Outbox {

    private static final int SAID_MAX = 4096;

    private final List<NodeId> others;
    private final TreeMap<String, String> saidLately = new TreeMap<>();
    private List<Effect> urgent = new ArrayList<>();
    private List<Effect> then = new ArrayList<>();
    private List<Notice> notices = new ArrayList<>();

    /** @param others every peer but this node */
    Outbox(List<NodeId> others) {
        this.others = List.copyOf(others);
    }

    /** A new step begins; the lists of the last one stay as they are. */
    void begin() {
        urgent = new ArrayList<>();
        then = new ArrayList<>();
        notices = new ArrayList<>();
    }

    List<Effect> urgent() {
        return urgent;
    }

    List<Effect> then() {
        return then;
    }

    List<Notice> notices() {
        return notices;
    }

    /** At once: nothing of it states what this disk may not hold yet. */
    void urgent(Effect effect) {
        urgent.add(effect);
    }

    /** Once the step's fact is on disk. */
    void then(Effect effect) {
        then.add(effect);
    }

    void toOthers(Message message) {
        for (NodeId peer : others) {
            then.add(new Effect.Send(peer, message));
        }
    }

    void toOthersAtOnce(Message message) {
        for (NodeId peer : others) {
            urgent.add(new Effect.Send(peer, message));
        }
    }

    void say(String subject, Reason reason, String detail) {
        say(new Notice(subject, reason, detail));
    }

    void say(Notice notice) {
        notices.add(notice);
    }

    /** Says what has not been said lately of this subject for this reason. */
    void sayOnce(String subject, Reason reason, String detail) {
        if (saidLately.size() >= SAID_MAX) {
            // Elections come and go under any number of names. Whatever is still so is said once more.
            saidLately.clear();
        }
        if (!detail.equals(saidLately.put(subject + '/' + reason, detail))) {
            notices.add(new Notice(subject, reason, detail));
        }
    }

    /** It is not so any more: it is said again when it is. */
    void unsay(String subject, Reason reason) {
        saidLately.remove(subject + '/' + reason);
    }
}
