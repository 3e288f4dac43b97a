package org.understudy.ha.membership;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.NodeConfig;
import org.understudy.ha.api.config.WithoutQuorum;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.PromotableResource;
import org.understudy.ha.membership.agents.OcfAgent;
import org.understudy.ha.membership.core.plan.Oddities;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Policies;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.runtime.NoticeLog;

/**
 * What looks like a mistake in what the nodes have registered. It is told and refused nowhere: it may be meant.
 *
 * <p><b>Concurrency.</b> {@link #registered}, {@link #here} and {@link #forget} may be called from any thread, {@link #compare} on the loop.
 */
final class Mismatches {

    private static final Logger LOG = LoggerFactory.getLogger(UnderstudyNode.class);
    /** What looks like a mistake is told when it has been so for so long at least: nodes register one group after the other. */
    private static final long ODD_FOR_SECONDS = 5;

    private final NodeConfig config;
    private final Supplier<Optional<ClusterRecord>> record;
    private final LoopTimer timer;
    private final NoticeLog log;
    private final BiConsumer<String, HaEvent> publish;
    /** What looks like a mistake in a group that is registered here, by the group's name. */
    private final Map<String, List<String>> oddHere = new ConcurrentHashMap<>();

    /** Loop's thread only, as what follows. */
    private @Nullable ClusterRecord compared;

    /** What was told and is still so: sentences by what differs, of each group. */
    private final Map<String, Map<String, String>> differing = new TreeMap<>();

    /** What looked odd at the last look and was told. */
    private final Set<String> oddTold = new TreeSet<>();

    private Set<String> odd = new TreeSet<>();
    private boolean isOddLookPlanned;

    /**
     * @param record the newest that this node knows
     * @param publish an event with its subject
     */
    Mismatches(
            NodeConfig config,
            Supplier<Optional<ClusterRecord>> record,
            LoopTimer timer,
            NoticeLog log,
            BiConsumer<String, HaEvent> publish) {
        this.config = config;
        this.record = record;
        this.timer = timer;
        this.log = log;
        this.publish = publish;
    }

    /** What may be meant of a group that was registered here, but hardly is. */
    void registered(Group group) {
        List<String> found = new ArrayList<>();
        long owners = config.peers().stream().filter(p -> !p.isWitness()).count();
        if (group.copies().count() > owners) {
            found.add("group " + group.name() + " has " + group.copies().count() + " copies, and " + owners
                    + " nodes are configured that could run them: at most one copy runs on each");
        }
        String policy = group.placement().policy();
        if (!policy.isEmpty() && !Policies.with(config.policies()).containsKey(policy)) {
            found.add("group " + group.name() + " is ordered by policy " + policy + ", which this node does not have;"
                    + " give it to placementPolicy(…) of every node's builder");
        }
        for (Group.Entry entry : group.resources()) {
            boolean isRoleless = entry.resource() instanceof PromotableResource
                    && !(entry.resource() instanceof OcfAgent)
                    && !group.copies().isPromotable();
            if (isRoleless) {
                found.add("group " + group.name() + " resource " + entry.name()
                        + " can be promoted and never will be: say copies(n) and promotable() if one is to be");
            }
        }
        if (!found.isEmpty()) {
            oddHere.put(group.name(), List.copyOf(found));
            found.forEach(sentence -> LOG.warn("node {}: {}", config.node(), sentence));
        }
    }

    /** What looks like a mistake in a group that is registered here. */
    List<String> here(String group) {
        return oddHere.getOrDefault(group, List.of());
    }

    /** The group is not registered here any more. */
    void forget(String group) {
        oddHere.remove(group);
    }

    /**
     * Nodes that registered the same group differently: it is said, once for each change.
     *
     * @return whether the record is another one than the last time
     */
    boolean compare(ClusterRecord known) {
        if (known == compared) {
            return false;
        }
        compared = known;
        // What is forgotten, and comes back, is told anew.
        differing.keySet().retainAll(known.groups().keySet());
        for (String group : known.groups().keySet()) {
            TreeMap<NodeId, List<NodeId>> lists = new TreeMap<>();
            TreeMap<NodeId, WithoutQuorum> policies = new TreeMap<>();
            TreeMap<NodeId, String> rules = new TreeMap<>();
            long agreed = known.groups().get(group).rules().digest();
            known.sessions().forEach((node, session) -> {
                Candidacy candidacy = session.candidacies().get(group);
                if (candidacy != null) {
                    lists.put(node, candidacy.preferred());
                    policies.put(node, candidacy.keepsRunning() ? WithoutQuorum.KEEP_RUNNING : WithoutQuorum.STOP);
                    rules.put(node, candidacy.rules() == agreed ? "as in the record" : "otherwise");
                }
            });
            warnOfDifference(group, "prefer different nodes for", lists);
            warnOfDifference(group, "do different things without a quorum with", policies);
            warnOfDifference(group, "have different placement rules for", rules);
        }
        planOddLook();
        return true;
    }

    private void warnOfDifference(String group, String what, Map<NodeId, ?> byNode) {
        if (byNode.values().stream().distinct().count() < 2) {
            differing.computeIfPresent(group, (name, sentences) -> {
                sentences.remove(what);
                return sentences.isEmpty() ? null : sentences;
            });
            return;
        }
        String sentence =
                "the nodes " + what + " group " + Part.title(group) + ": " + byNode + "; register it alike everywhere";
        Map<String, String> sentences = differing.computeIfAbsent(group, name -> new TreeMap<>());
        if (!sentence.equals(sentences.put(what, sentence))) {
            log.line(() -> LOG.warn("{}", sentence));
            publish.accept(what + " " + group, new HaEvent.Alarm(group, sentence));
        }
    }

    private void planOddLook() {
        if (!isOddLookPlanned) {
            isOddLookPlanned = true;
            timer.later(TimeUnit.SECONDS.toNanos(ODD_FOR_SECONDS), this::lookForOddities);
        }
    }

    /** Tells, once, what was so at the last look already. */
    private void lookForOddities() {
        isOddLookPlanned = false;
        TreeSet<String> now = new TreeSet<>();
        record.get()
                .ifPresent(known -> known.groups()
                        .keySet()
                        .forEach(group -> Oddities.of(known, group).forEach(sentence -> {
                            now.add(sentence);
                            if (odd.contains(sentence) && oddTold.add(sentence)) {
                                warnOfOddity(Part.groupOf(group), sentence);
                            }
                        })));
        if (!odd.containsAll(now)) {
            planOddLook();
        }
        oddTold.retainAll(now);
        odd = now;
    }

    private void warnOfOddity(String group, String sentence) {
        log.line(() -> LOG.warn("{}", sentence));
        publish.accept("odd " + sentence, new HaEvent.Alarm(group, sentence));
    }
}
