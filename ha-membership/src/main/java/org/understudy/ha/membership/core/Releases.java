package org.understudy.ha.membership.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.AcceptOnRelease;
import org.understudy.ha.membership.core.message.Message.Release;
import org.understudy.ha.membership.core.plan.Facts.Given;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;

/**
 * Groups that were given back, here and elsewhere, until the record shows it. Pure.
 *
 * <p>That a group was given back here is on this node's disk before it is noted here; of others only the holder itself is believed, and the newest
 * token.
 */
final class Releases {

    private final TreeMap<String, Release> own = new TreeMap<>();
    private final TreeMap<String, Given> given = new TreeMap<>();

    /** Another node gave a group back. Returns whether that is news. */
    boolean hear(NodeId from, Release release) {
        Given present = given.get(release.group());
        boolean isNew = release.holder().node().equals(from) && (present == null || present.token() < release.token());
        if (isNew) {
            note(release);
        }
        return isNew;
    }

    /** This node gave a group back. */
    void give(Release release) {
        own.put(release.group(), release);
        note(release);
    }

    private void note(Release release) {
        given.put(release.group(), new Given(release.holder(), release.token(), release.failure(), release.why()));
    }

    /**
     * What an earlier life of this node gave back, and nobody noted before it ended: it is on this disk, so it is said again.
     *
     * @param released the newest token of each group that is given back on this disk
     * @return what was not said yet
     */
    List<Release> repeatOld(ClusterRecord record, NodeId self, SortedMap<String, Long> released) {
        List<Release> news = new ArrayList<>();
        record.groups()
                .forEach((name, group) -> group.grant()
                        .filter(Grant::stands)
                        .filter(g -> g.holder().node().equals(self) && !record.isLive(g.holder()))
                        .filter(g -> g.token() <= released.getOrDefault(name, 0L))
                        .filter(g -> !own.containsKey(name))
                        .ifPresent(g -> {
                            Release release = new Release(
                                    g.holder(),
                                    name,
                                    g.token(),
                                    Optional.empty(),
                                    "given back before this node restarted");
                            give(release);
                            news.add(release);
                        }));
        return news;
    }

    /** Forgets what a record shows. */
    void learned(ClusterRecord record) {
        given.entrySet()
                .removeIf(e -> !isStanding(record, e.getKey(), e.getValue().token()));
        own.entrySet()
                .removeIf(e -> !isStanding(record, e.getKey(), e.getValue().token()));
    }

    private static boolean isStanding(ClusterRecord record, String group, long token) {
        return record.grant(group)
                .filter(Grant::stands)
                .filter(g -> g.token() == token)
                .isPresent();
    }

    /** What this node says again. */
    Collection<Release> repeated() {
        return Collections.unmodifiableCollection(own.values());
    }

    /** Whether the release is known that this accept waits for: nothing failed, and the holder gives the reason that was foreseen. */
    boolean isGiven(AcceptOnRelease message) {
        Given present = given.get(message.group());
        return present != null
                && present.holder().equals(message.holder())
                && present.token() == message.token()
                && present.failure().isEmpty()
                && present.why().equals(message.why());
    }

    /** What is given back, by group. */
    SortedMap<String, Given> given() {
        return Collections.unmodifiableSortedMap(given);
    }
}
