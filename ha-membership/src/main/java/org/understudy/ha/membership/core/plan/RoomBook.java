package org.understudy.ha.membership.core.plan;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.RecordRoom;
import org.understudy.ha.membership.core.record.Session;

/**
 * Who has how much of a record's room while offers are taken. A group has room for every node that it prefers, whether that node is
 * there or not, so a node that was started again finds the room of what it offered before.
 */
final class RoomBook {

    private final TreeMap<String, Share> shares = new TreeMap<>();
    private long used;

    /**
     * What one group has: room for itself, for a grant with all that may remain, and for so many candidacies of the largest size.
     */
    private record Share(long own, long remains, int offering, int preferred, long largest) {

        static Share of(String name, GroupRecord group) {
            long remains = group.grant().map(g -> RecordRoom.of(g.remains())).orElse(0L);
            return new Share(RecordRoom.of(name, group) - remains, remains, 0, 0, 0);
        }

        private long room() {
            return own + remains + largest * Math.max(offering, preferred);
        }

        private Share with(String name, Candidacy fresh, boolean isMore) {
            return new Share(
                    own,
                    Math.max(remains, RecordRoom.of(fresh.remains())),
                    offering + (isMore ? 1 : 0),
                    Math.max(preferred, fresh.preferred().size()),
                    Math.max(largest, RecordRoom.of(name, fresh)));
        }
    }

    RoomBook(ClusterRecord record) {
        for (Map.Entry<String, GroupRecord> group : record.groups().entrySet()) {
            String name = group.getKey();
            Share share = Share.of(name, group.getValue());
            for (Session session : record.sessions().values()) {
                Candidacy candidacy = session.candidacies().get(name);
                if (candidacy != null) {
                    share = share.with(name, candidacy, true);
                }
            }
            shares.put(name, share);
            used += share.room();
        }
        for (Session session : record.sessions().values()) {
            used += RecordRoom.of(session);
        }
    }

    /**
     * Takes room for a candidacy, if there is enough.
     *
     * @param before the same node's candidacy for this group until now
     */
    boolean takes(String name, @Nullable Candidacy before, Candidacy fresh) {
        Optional<Share> present = Optional.ofNullable(shares.get(name));
        Share share = present.orElseGet(() -> Share.of(name, GroupRecord.NEW));
        Share wanted = share.with(name, fresh, before == null);
        long more = wanted.room() - present.map(Share::room).orElse(0L);
        if (more > 0 && used + more > RecordRoom.MAX) {
            return false;
        }
        used += more;
        shares.put(name, wanted);
        return true;
    }
}
