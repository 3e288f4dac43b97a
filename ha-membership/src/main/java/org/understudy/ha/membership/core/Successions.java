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
     * @param at when something was heard of it last, or when the wish was
     */
    private record Going(long token, NodeId to, boolean isReady, long at) {}

    private final long patienceNanos;
    private final TreeMap<String, Going> going = new TreeMap<>();

    Successions(long patienceNanos) {
        this.patienceNanos = patienceNanos;
    }

    /**
     * A successor speaks of a group that runs here. It may know the record already that asks for the move; one that the newest record here does
     * not name says nothing about who it does name.
     */
    void heard(long now, NodeId from, Succeed.Word word) {
        Going known = going.get(word.group());
        if (known == null || known.token() != word.token() || known.to().equals(from)) {
            going.put(word.group(), new Going(word.token(), from, word.isReady(), now));
        }
    }

    /** Whether a group that is asked to move waits for its successor no longer. */
    boolean mayGo(long now, String group, long token, NodeId to) {
        Going known = going.get(group);
        if (known == null || known.token() != token || !known.to().equals(to)) {
            going.put(group, new Going(token, to, false, now));
            return false;
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
