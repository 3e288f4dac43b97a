package org.understudy.ha.membership.core.plan;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.PlacementPolicy;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.Claims;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Operation;
import org.understudy.ha.membership.core.record.Rules;

/**
 * What a node knows beside the record. Every fact may be old or known already: planning with it again changes nothing.
 *
 * @param joins who asks to be admitted
 * @param offers the newest offer of each incarnation
 * @param releases groups given back, by group and token
 * @param leaves sessions that own nothing any more and end
 * @param wills what verified last wills say is gone, by incarnation
 * @param silent sessions that a majority of acceptors agreed to let end by silence
 * @param moves where groups are asked to go
 * @param reachable nodes heard lately
 * @param tokenFloor no token at or below this may be issued
 * @param operations what operators ask for
 * @param cleared groups that an operator lets run again although the record says that they must not, by their users' names
 * @param isBaseChosen whether the record planned from is known to be chosen: only then may the voters change
 * @param steady for groups that go home by themselves, the nodes that could have run them for long enough
 * @param policies that groups may name, by name
 */
public record Facts(
        SortedMap<NodeId, Admission> joins,
        SortedMap<Incarnation, Offered> offers,
        SortedMap<String, Given> releases,
        SortedSet<Incarnation> leaves,
        SortedMap<Incarnation, List<String>> wills,
        SortedSet<Incarnation> silent,
        SortedMap<String, NodeId> moves,
        SortedSet<NodeId> reachable,
        long tokenFloor,
        List<Operation> operations,
        SortedSet<String> cleared,
        boolean isBaseChosen,
        SortedMap<String, SortedSet<NodeId>> steady,
        SortedMap<String, PlacementPolicy> policies) {

    public Facts {
        operations = List.copyOf(operations);
        policies = Collections.unmodifiableSortedMap(new TreeMap<>(policies));
    }

    /** Of a node that counts no time towards a failback, has no policies, and to which nobody says that anything is to be forgotten. */
    public Facts(
            SortedMap<NodeId, Admission> joins,
            SortedMap<Incarnation, Offered> offers,
            SortedMap<String, Given> releases,
            SortedSet<Incarnation> leaves,
            SortedMap<Incarnation, List<String>> wills,
            SortedSet<Incarnation> silent,
            SortedMap<String, NodeId> moves,
            SortedSet<NodeId> reachable,
            long tokenFloor,
            List<Operation> operations,
            boolean isBaseChosen) {
        this(
                joins,
                offers,
                releases,
                leaves,
                wills,
                silent,
                moves,
                reachable,
                tokenFloor,
                operations,
                Collections.emptySortedSet(),
                isBaseChosen,
                new TreeMap<>(),
                new TreeMap<>());
    }

    /** The same facts, independent of the maps they were given in. */
    public Facts copy() {
        return new Facts(
                new TreeMap<>(joins),
                new TreeMap<>(offers),
                new TreeMap<>(releases),
                new TreeSet<>(leaves),
                new TreeMap<>(wills),
                new TreeSet<>(silent),
                new TreeMap<>(moves),
                new TreeSet<>(reachable),
                tokenFloor,
                operations,
                new TreeSet<>(cleared),
                isBaseChosen,
                new TreeMap<>(steady),
                policies);
    }

    /** The same facts with these ways to order nodes. */
    public Facts withPolicies(SortedMap<String, PlacementPolicy> others) {
        return with(releases, moves, others);
    }

    /** The same facts, and nobody asks to move these groups. */
    public Facts withoutMoves(SortedSet<String> groups) {
        TreeMap<String, NodeId> fewer = new TreeMap<>(moves);
        fewer.keySet().removeAll(groups);
        return with(releases, fewer, policies);
    }

    /** The same facts, and that this group was given back. */
    public Facts withRelease(String group, Given given) {
        TreeMap<String, Given> more = new TreeMap<>(releases);
        more.put(group, given);
        return with(more, moves, policies);
    }

    private Facts with(
            SortedMap<String, Given> otherReleases,
            SortedMap<String, NodeId> otherMoves,
            SortedMap<String, PlacementPolicy> otherPolicies) {
        return new Facts(
                joins,
                offers,
                otherReleases,
                leaves,
                wills,
                silent,
                otherMoves,
                reachable,
                tokenFloor,
                operations,
                cleared,
                isBaseChosen,
                steady,
                otherPolicies);
    }

    /** A request to be admitted; the parts as in {@link org.understudy.ha.membership.core.message.Message.Join}. */
    public record Admission(long nonce, String disk, HostIdentity host, String willKey, long over) {}

    /** An offer; the parts as in {@link org.understudy.ha.membership.core.message.Message.Offer}. */
    public record Offered(
            long version,
            SortedMap<String, Candidacy> candidacies,
            SortedMap<String, Rules> rules,
            SortedMap<String, Integer> capacity,
            Claims claims) {

        /** By a node that claims nothing. */
        public Offered(
                long version,
                SortedMap<String, Candidacy> candidacies,
                SortedMap<String, Rules> rules,
                SortedMap<String, Integer> capacity) {
            this(version, candidacies, rules, capacity, Claims.NONE);
        }

        /** Of groups without rules, by a node without capacities that claims nothing. */
        public Offered(long version, SortedMap<String, Candidacy> candidacies) {
            this(version, candidacies, new TreeMap<>(), new TreeMap<>());
        }
    }

    /** A group given back. */
    public record Given(Incarnation holder, long token, Optional<Severity> failure, String why) {}
}
