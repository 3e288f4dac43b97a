package org.understudy.ha.membership.core.plan;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.RecordRoom;
import org.understudy.ha.membership.core.record.Rules;
import org.understudy.ha.membership.core.record.Session;

/**
 * Who has how much of a record's room while offers are taken. A group has room for every node that was ever here or that it prefers, whether
 * that node is there now or not: what is in the record stays in it, and only new names, and what grows, may find no room.
 */
final class RoomBook {

    private final TreeMap<String, Share> shares = new TreeMap<>();
    private final int nodes;
    private long used;

    /**
     * What one group has: room for itself, for a grant with all that may remain, and for so many candidacies of the largest size.
     */
    private record Share(long own, long remains, int copies, long largest) {

        private long room() {
            return own + remains + copies * largest;
        }

        private Share without() {
            return new Share(own, remains, copies, 0);
        }

        private Share with(String name, Candidacy candidacy) {
            return new Share(
                    own,
                    Math.max(remains, RecordRoom.of(candidacy.remains())),
                    Math.max(copies, candidacy.preferred().size()),
                    Math.max(largest, RecordRoom.of(name, candidacy)));
        }
    }

    RoomBook(ClusterRecord record) {
        nodes = record.incarnations().size();
        for (Map.Entry<String, GroupRecord> group : record.groups().entrySet()) {
            String name = group.getKey();
            Share share = share(name, group.getValue());
            Share offered = share.without();
            for (Session session : record.sessions().values()) {
                Candidacy candidacy = session.candidacies().get(name);
                if (candidacy != null) {
                    offered = offered.with(name, candidacy);
                }
            }
            share = offered.largest > 0 ? offered : share;
            shares.put(name, share);
            used += share.room();
        }
        for (Session session : record.sessions().values()) {
            used += RecordRoom.of(session);
        }
    }

    /** Of a group that nobody offers now it is guessed that all nodes would, and would leave behind what its last holder could. */
    private Share share(String name, GroupRecord group) {
        long remains = group.grant().map(g -> RecordRoom.of(g.remains())).orElse(0L);
        return new Share(RecordRoom.of(name, group) - remains, remains, nodes, RecordRoom.ofAny(name, nodes) + remains);
    }

    /** Takes room for what only one session has, if there is enough. */
    boolean takes(long bytes) {
        if (used + bytes > RecordRoom.MAX) {
            return false;
        }
        used += bytes;
        return true;
    }

    /** Takes room for a new group with its rules, or for a candidacy that outgrows what its group has, if there is enough. */
    boolean takes(String name, Candidacy candidacy, Rules rules) {
        Optional<Share> present = Optional.ofNullable(shares.get(name));
        Share wanted = present.orElseGet(
                        () -> share(name, GroupRecord.NEW.withRules(rules)).without())
                .with(name, candidacy);
        return takes(name, present, wanted);
    }

    /** Takes room for other rules of a group, if there is enough. */
    boolean takes(String name, Rules before, Rules after) {
        Share present = shares.get(name);
        long own = present.own - RecordRoom.of(before) + RecordRoom.of(after);
        return takes(name, Optional.of(present), new Share(own, present.remains, present.copies, present.largest));
    }

    private boolean takes(String name, Optional<Share> present, Share wanted) {
        long more = wanted.room() - present.map(Share::room).orElse(0L);
        if (more > 0 && used + more > RecordRoom.MAX) {
            return false;
        }
        used += more;
        shares.put(name, wanted);
        return true;
    }
}
