package org.understudy.ha.membership.core.record;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.understudy.ha.api.config.Placement;

/**
 * How many bytes a record may come to need with the names that are in it: every candidacy counted as if it had to say at length why its
 * node cannot run the group. A record beyond what one frame carries could not be decided any more, not even to make it smaller; so a
 * name gets in only while there is room for the worst that can be said of it.
 *
 * <p>Not counted, because bounded by themselves and kept free for: the voters, the newest ends of sessions, operators' words.
 */
public final class RecordRoom {

    /** What the names may come to need. */
    public static final long MAX = 7L << 20;
    /** What everything else may. */
    public static final long RESERVE = 1L << 20;

    /** What people can do about a record that has no room for all. */
    public static final String REMEDY = "register fewer groups, or spread them over several clusters";

    private static final int TEXT = 2;
    private static final int LIST = 4;
    private static final int NODE = TEXT + 32;
    private static final int INCARNATION = NODE + 8;
    private static final int SENTENCE = TEXT + Sentence.BYTES_MAX;
    private static final int CANDIDACY = LIST + 1 + 1 + SENTENCE + 1 + 1 + LIST + 8 + 1 + 8 + 8;
    private static final int GRANT = INCARNATION + 8 + 1 + 2 + 1 + LIST;
    private static final int GROUP = 1 + GRANT + 1 + TEXT + 32 + SENTENCE + 1 + SENTENCE;
    private static final int MAINTENANCE = 1 + TEXT;
    private static final int RULES = 6 * LIST + 4 + 1 + 8 + TEXT;
    private static final int CAPACITY = LIST + Placement.NAMES_MAX * (TEXT + 32 + 4);
    /** Of its disk, host and key a session says little, but what it says comes from outside. */
    private static final int SESSION = INCARNATION + 8 + 4 * TEXT + TEXT + 8 + LIST + CAPACITY + MAINTENANCE + NODE;

    private static final int BARRIER = TEXT + 3 * 8 + 2 * 8 + LIST + SENTENCE;

    private RecordRoom() {}

    /** What the names in this record may come to need. */
    public static long of(ClusterRecord record) {
        long room = 0;
        for (Session session : record.sessions().values()) {
            room += of(session);
            for (Map.Entry<String, Candidacy> entry : session.candidacies().entrySet()) {
                room += of(entry.getKey(), entry.getValue());
            }
        }
        for (Map.Entry<String, GroupRecord> entry : record.groups().entrySet()) {
            room += of(entry.getKey(), entry.getValue());
        }
        return room;
    }

    /** What a session needs beside its candidacies. */
    public static long of(Session session) {
        HostIdentity host = session.host();
        long holdings = 2 * LIST;
        for (Map.Entry<String, NameClaim> name : session.holdings().names().entrySet()) {
            holdings += of(name.getKey(), name.getValue());
        }
        for (Map.Entry<String, Standing> barrier :
                session.holdings().standings().entrySet()) {
            holdings += of(barrier.getKey(), barrier.getValue().claim());
        }
        return holdings
                + SESSION
                + INCARNATION
                + texts(List.of(session.disk(), session.willKey(), host.machine(), host.boot(), host.lock()));
    }

    /** What a name needs in the session of one owner. */
    public static long of(String name, NameClaim claim) {
        return TEXT + text(name) + TEXT + text(claim.value()) + 1;
    }

    /** What a barrier may come to need in the session of one member. */
    public static long of(String barrier, BarrierClaim claim) {
        long rungs = 0;
        for (Rung rung : claim.rungs()) {
            rungs += 4 + TEXT + text(rung.name());
        }
        return text(barrier) + BARRIER + rungs;
    }

    /** What a candidacy may come to need. */
    public static long of(String group, Candidacy candidacy) {
        long preferred = 0;
        for (var node : candidacy.preferred()) {
            preferred += TEXT + text(node.value());
        }
        return TEXT + text(group) + CANDIDACY + preferred + texts(candidacy.remains());
    }

    /** What a candidacy for this group may need that prefers so many nodes and leaves nothing behind. */
    public static long ofAny(String group, int nodes) {
        return TEXT + text(group) + CANDIDACY + (long) nodes * NODE;
    }

    /** What a group may come to need beside the candidacies for it. */
    public static long of(String name, GroupRecord group) {
        return TEXT
                + text(name)
                + GROUP
                + MAINTENANCE
                + text(name)
                + of(group.rules())
                + group.grant().map(g -> texts(g.remains())).orElse(0L);
    }

    /** What placement rules need. */
    public static long of(Rules rules) {
        if (rules.isNone()) {
            return 0;
        }
        Placement said = rules.placement();
        return RULES
                + texts(said.needs().keySet())
                + 4L * said.needs().size()
                + texts(said.with())
                + texts(said.preferWith())
                + texts(said.apart())
                + texts(said.preferApart())
                + texts(said.after())
                + text(said.policy());
    }

    /** What a grant needs for what remains of its group. */
    public static long of(List<String> remains) {
        return texts(remains);
    }

    private static long texts(Collection<String> texts) {
        long sum = 0;
        for (String each : texts) {
            sum += TEXT + text(each);
        }
        return sum;
    }

    private static int text(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
