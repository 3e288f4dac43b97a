package org.understudy.ha.membership.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.understudy.ha.api.Assumptions;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.NodeConfig;
import org.understudy.ha.api.config.Peer;
import org.understudy.ha.api.config.Security;
import org.understudy.ha.membership.core.assumptions.Outlooks;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Session;

/** Says what a cluster survives and what it does not. A pure function of its arguments. */
public final class AssumptionsReport {

    private AssumptionsReport() {}

    /**
     * What only this node knows of its own host.
     *
     * @param clock what the boot clock is read from
     * @param isStateInMemory whether the state directory is on a file system that a power cut empties
     * @param guardianObstacle why this node has no guardian; empty if it has one
     * @param guardianWeaknesses what would end the guardian together with the node
     */
    public record OwnHost(
            String clock,
            HostIdentity identity,
            boolean isStateInMemory,
            Optional<String> guardianObstacle,
            List<String> guardianWeaknesses) {
        public OwnHost {
            guardianWeaknesses = List.copyOf(guardianWeaknesses);
        }
    }

    /**
     * @param record as it stands; before this node knows one, every peer is taken to be there, and nothing is said of groups
     */
    public static Assumptions of(NodeConfig config, OwnHost host, Optional<ClusterRecord> record) {
        ClusterRecord known = record.orElseGet(() -> configured(config));
        List<String> weak = new ArrayList<>();
        votes(config, weak);
        groups(known, weak);
        host(config, host, weak);
        weak.add(
                "a node that starts again after its host did votes once a majority of the others has told it what it may have"
                        + " forgotten; if one of them is lost for good, an operator has to vouch for the disk of the one that starts");
        weak.add(
                "a pause of a whole virtual machine stops its kernel's timers as well: only sinks that compare tokens, or real"
                        + " fencing, cover that");
        weak.add("whoever holds a node's key can take every group");
        if (Outlooks.areTooMany(known)) {
            weak.add("with " + known.sessions().size() + " nodes and "
                    + known.groups().size()
                    + " groups only single faults are looked at: two at once are too many to tell of each group");
        }
        if (Outlooks.areRulesIgnored(known)) {
            weak.add("with " + known.sessions().size() + " nodes and "
                    + known.groups().size()
                    + " groups placement rules are left out of what is said of faults: ask advisor().whatIf()");
        }
        if (config.security() instanceof Security.Insecure) {
            weak.add("this cluster runs insecure: whoever reaches the nodes' ports can take every group");
        }
        return new Assumptions(
                Outlooks.of(known, config.timing()), Outlooks.absent(known), weak, restsOn(config, host));
    }

    private static List<String> restsOn(NodeConfig config, OwnHost host) {
        return List.of(
                "clocks of all nodes run within " + config.timing().driftPerMille()
                        + " per mille of each other in rate; their time of day does not matter",
                "this node's boot clock, read from " + host.clock() + ", counts suspend",
                "what fsync reports as written to " + config.stateDirectory() + " is written",
                "at most a minority of state directories is lost or goes back at a time, and the next only after that one has"
                        + " recovered",
                "the word of an operator is true");
    }

    private static void votes(NodeConfig config, List<String> weak) {
        int votes = config.peers().size();
        if (votes == 1) {
            weak.add("there is one vote: the loss of this node ends everything; configure three");
        } else if (votes == 2) {
            weak.add(
                    "two votes without a third: the loss of either node, or of the link between them, stops everything; add a"
                            + " witness");
        } else if (votes % 2 == 0) {
            weak.add("with " + votes + " votes no more may be lost than with " + (votes - 1)
                    + "; add one or take one away");
        }
        List<NodeId> owners = config.peers().stream()
                .filter(p -> !p.isWitness())
                .map(Peer::node)
                .toList();
        if (owners.size() == 1 && votes > 1) {
            weak.add("only " + owners.get(0) + " may own resources: the witnesses take nothing over");
        }
    }

    private static void groups(ClusterRecord record, List<String> weak) {
        for (String group : record.groups().keySet()) {
            List<NodeId> uncovered = new ArrayList<>();
            boolean isKept = false;
            int candidates = 0;
            for (Session session : record.sessions().values()) {
                Candidacy candidacy = session.candidacies().get(group);
                if (candidacy != null) {
                    candidates++;
                    isKept |= candidacy.keepsRunning();
                    if (!candidacy.isExpirable() && !candidacy.keepsRunning()) {
                        uncovered.add(session.incarnation().node());
                    }
                }
            }
            String title = title(group);
            if (!uncovered.isEmpty()) {
                add(
                        weak,
                        title + " on " + uncovered
                                + " is ended by nothing but its own process: after a pause or a power"
                                + " cut no other node takes it over; see its coverage");
            }
            if (isKept) {
                add(
                        weak,
                        title
                                + " goes on without a majority: an operator who confirms that a node is down"
                                + " which in truth runs it makes two owners");
            }
            if (candidates == 1) {
                add(weak, title + " is registered on one node only: nobody can take it over");
            }
        }
    }

    /** Of copies the same is true, and is said once. */
    private static void add(List<String> weak, String sentence) {
        if (!weak.contains(sentence)) {
            weak.add(sentence);
        }
    }

    private static String title(String group) {
        return switch (Part.roleOf(group)) {
            case WHOLE -> "group " + group;
            case COPY -> "a copy of " + Part.groupOf(group);
            case PROMOTED -> "the promoted copy of " + Part.groupOf(group);
        };
    }

    private static void host(NodeConfig config, OwnHost host, List<String> weak) {
        host.guardianObstacle()
                .ifPresent(
                        why -> weak.add(
                                "this node has no guardian (" + why
                                        + "): its death is not proved but waited out, and a group that no lease ends waits for it to come back"));
        weak.addAll(host.guardianWeaknesses());
        if (host.isStateInMemory()) {
            weak.add(config.stateDirectory() + " is in memory: a power cut takes this node's vote with it; use a disk");
        }
        if (host.identity().lock().isEmpty()) {
            weak.add(config.stateDirectory()
                    + " is not on a local disk: when this node starts again that proves nothing about the"
                    + " process before it");
        } else if (host.identity().machine().isEmpty()) {
            weak.add(
                    "this machine cannot be told from a copy of it (a container, or no machine-id): when it is started again that"
                            + " does not prove what ran on it before gone");
        }
    }

    /** The record of the configured cluster with everybody there and no group yet. */
    private static ClusterRecord configured(NodeConfig config) {
        List<AcceptorId> acceptors = config.peers().stream()
                .map(peer -> new AcceptorId(peer.node(), "disk of " + peer.node()))
                .toList();
        TreeMap<NodeId, Session> sessions = new TreeMap<>();
        TreeMap<NodeId, Long> incarnations = new TreeMap<>();
        for (AcceptorId acceptor : acceptors) {
            incarnations.put(acceptor.node(), 1L);
            sessions.put(
                    acceptor.node(),
                    new Session(
                            new Incarnation(acceptor.node(), 1),
                            1,
                            acceptor.disk(),
                            HostIdentity.UNKNOWN,
                            "key of " + acceptor.node(),
                            0,
                            new TreeMap<>()));
        }
        return ClusterRecord.first(config.cluster(), acceptors).withSessions(sessions, incarnations, List.of());
    }
}
