package org.understudy.ha.membership.core;

import java.util.Optional;
import java.util.TreeMap;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.Succeed;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.GroupRecord;

/**
 * Planned moves as the node sees them that runs a group: it goes on until the one that comes after it has made ready what takes time. Decides
 * only when the record's wish is followed; no grant and no proof rests on it. Pure.
 *
 * <p>A successor says at every interval that it is still at it, so that a call of any length can be waited for. Of one that says nothing for a
 * while (an older version, or a link that is down) nothing is expected any more: the group is stopped as if it were ready.
 */
final class Successions {

    /**
     * A group that runs here and is to go.
     *
     * @param token under which it runs here
     * @param since the number of the record in which the wish was seen first here; 0 while only its successor has spoken of it
     * @param said the number of the record that its successor knew when it spoke last; 0 if it has not
     * @param at when something was heard of it last, or when the wish was
     */
    private record Going(long token, NodeId to, long since, long said, boolean isReady, long at) {}

    private final long patienceNanos;
    private final TreeMap<String, Going> going = new TreeMap<>();

    Successions(long patienceNanos) {
        this.patienceNanos = patienceNanos;
    }

    /**
     * A successor speaks of a group that runs here. It may know the record already that asks for the move; one that the newest record here does
     * not name says nothing about who it does name, and what comes late says nothing about a wish that came after it.
     */
    void heard(long now, NodeId from, Succeed.Word word) {
        Going known = going.get(word.group());
        boolean isKnown = known != null && known.token() == word.token();
        if (!isKnown) {
            going.put(word.group(), new Going(word.token(), from, 0, word.record(), word.isReady(), now));
        } else if (known.to().equals(from) && word.record() >= Math.max(known.since(), known.said())) {
            going.put(word.group(), new Going(word.token(), from, known.since(), word.record(), word.isReady(), now));
        }
    }

    /**
     * Whether a group that is asked to move waits for its successor no longer.
     *
     * @param record the number of the record that asks for it
     */
    boolean mayGo(long now, LocalGroup group, NodeId to, long record) {
        Going known = going.get(group.name());
        if (known == null || known.token() != group.token() || !known.to().equals(to)) {
            going.put(group.name(), new Going(group.token(), to, record, 0, false, now));
            return false;
        }
        if (known.since() == 0) {
            boolean isReady = known.isReady() && known.said() >= record;
            going.put(group.name(), new Going(group.token(), to, record, known.said(), isReady, now));
            return isReady;
        }
        return known.isReady() || now - known.at() >= patienceNanos;
    }

    /** It does not run here any more. */
    void forget(String group) {
        going.remove(group);
    }

    /** What a record does not ask for was given up: asked again, the successor begins anew. */
    void learned(ClusterRecord record) {
        going.keySet()
                .removeIf(group -> Optional.ofNullable(record.groups().get(group))
                        .flatMap(GroupRecord::moveTo)
                        .isEmpty());
    }
}
