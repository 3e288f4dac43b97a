package org.understudy.ha.membership.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.Assumptions;
import org.understudy.ha.api.config.NodeConfig;
import org.understudy.ha.api.config.Peer;
import org.understudy.ha.api.config.Security;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Session;

/** Says what a configured cluster survives and what it does not. A pure function of its arguments. */
public final class AssumptionsReport {

    private AssumptionsReport() {}

    /**
     * @param clock what the boot clock is read from
     * @param guardianObstacle why this node has no guardian; empty if it has one
     * @param guardianWeaknesses what would end the guardian together with the node
     * @param record what the groups' coverage is read from
     */
    public static Assumptions of(
            NodeConfig config,
            String clock,
            Optional<String> guardianObstacle,
            List<String> guardianWeaknesses,
            Optional<ClusterRecord> record) {
        List<String> survives = new ArrayList<>();
        List<String> not = new ArrayList<>();
        List<String> rests = new ArrayList<>();
        int votes = config.peers().size();
        int majority = votes / 2 + 1;
        int spare = votes - majority;
        long owners = config.peers().stream().filter(p -> !p.isWitness()).count();
        long leaseMillis = config.timing().lease().toMillis();
        if (spare > 0) {
            survives.add("the loss of any " + spare + " of " + votes + " votes: the other " + majority + " go on");
        }
        not.add("the loss of " + (spare + 1) + " of " + votes
                + " votes: what runs on the rest stops when its lease ends, after at most " + leaseMillis
                + " ms, and nothing starts until a majority is back");
        if (owners < 2) {
            not.add("the loss of "
                    + config.peers().stream()
                            .filter(p -> !p.isWitness())
                            .map(Peer::node)
                            .toList() + ": no other node may own resources");
        }
        survives.add("a partition of any shape: only the side with " + majority + " votes owns anything after "
                + leaseMillis + " ms");
        survives.add("a pause of this process of any length: its lease ends without it");
        guardianObstacle.ifPresentOrElse(
                why -> not.add("a fast takeover from this node after a crash: it has no guardian (" + why
                        + "), so the others wait " + leaseMillis + " ms"),
                () -> survives.add("kill -9 of this process without waiting: its guardian proves the death"));
        not.addAll(guardianWeaknesses);
        record.ifPresent(r -> coverage(r, not));
        not.add(
                "a pause of the whole virtual machine: its kernel's timers stop as well; only sinks that compare tokens, or real"
                        + " fencing, cover that");
        survives.add(
                "a state directory restored from an older copy, or lost: one at a time; the node asks the others what it has"
                        + " forgotten, or is admitted with an empty one");
        not.add(
                "a restart of this host while too few others are there to ask: its vote waits for a majority of the others, or for"
                        + " operator().vouchForDisk()");
        not.add("a compromised member: whoever holds a node's key can take every group");
        if (config.security() instanceof Security.Insecure) {
            not.add("anybody who reaches the nodes' ports: this cluster runs insecure");
        }
        rests.add("clocks of all nodes run within " + config.timing().driftPerMille()
                + " per mille of each other in rate; their time of day does not matter");
        rests.add("this node's boot clock, read from " + clock + ", counts suspend");
        rests.add("what fsync reports as written to " + config.stateDirectory() + " is written");
        return new Assumptions(survives, not, rests);
    }

    private static void coverage(ClusterRecord record, List<String> not) {
        for (String group : record.groups().keySet()) {
            for (Session session : record.sessions().values()) {
                Candidacy candidacy = session.candidacies().get(group);
                if (candidacy != null && !candidacy.isExpirable()) {
                    not.add(
                            "group " + group + " on " + session.incarnation().node()
                                    + " after a pause or a power cut: nothing but its own process ends it, so no other node takes it"
                                    + " over until that node is back on the same machine and disk, or operator().confirmDown() says so");
                }
            }
        }
    }
}
