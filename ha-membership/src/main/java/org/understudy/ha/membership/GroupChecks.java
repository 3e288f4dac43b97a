package org.understudy.ha.membership;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Coverage;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.NodeConfig;
import org.understudy.ha.api.config.Peer;
import org.understudy.ha.api.config.WithoutQuorum;
import org.understudy.ha.membership.agents.OcfAgent;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.enforcement.core.Subject;
import org.understudy.ha.membership.runtime.PartCandidacy;

/** What is refused of a group before anything of it is registered, with every mistake of a kind at once. Thread-safe. */
final class GroupChecks {

    private final NodeConfig config;
    private final BiFunction<String, List<Subject>, Coverage> coverage;

    /** @param coverage what the enforcers of this node say of a group and its resources */
    GroupChecks(NodeConfig config, BiFunction<String, List<Subject>, Coverage> coverage) {
        this.config = config;
        this.coverage = coverage;
    }

    /**
     * Of what a group consists on this node.
     *
     * @throws ConfigurationException if it cannot run here as it is
     */
    List<Part> parts(Group group) {
        if (config.self().isWitness()) {
            throw new ConfigurationException(
                    "group " + group.name(),
                    config.node(),
                    "is registered on a witness, which owns no resources; register it on another node");
        }
        for (NodeId preferred : group.preferred()) {
            if (config.peers().stream().noneMatch(p -> p.node().equals(preferred) && !p.isWitness())) {
                throw new ConfigurationException(
                        "group " + group.name() + " prefer",
                        preferred,
                        "is not a peer that can own resources; they are "
                                + config.peers().stream()
                                        .filter(p -> !p.isWitness())
                                        .map(Peer::node)
                                        .toList());
            }
        }
        List<Part> parts = Part.of(
                group,
                config.peers().stream()
                        .filter(p -> !p.isWitness())
                        .map(Peer::node)
                        .sorted()
                        .toList(),
                config.node());
        if (!group.copies().isOne()) {
            refuseWhatCannotBeCopied(group, parts.get(0));
        }
        for (Part part : parts) {
            if (group.withoutQuorum() == WithoutQuorum.KEEP_RUNNING) {
                refuseWhatTheLeaseEnds(group, part);
            }
            if (group.isEnforcementRequired()) {
                requireEnforcement(coverage.apply(group.name(), PartCandidacy.subjects(part)));
            }
        }
        return parts;
    }

    /** One address on several nodes would be two owners of it. */
    private static void refuseWhatCannotBeCopied(Group group, Part copy) {
        List<ConfigurationException.Problem> problems = new ArrayList<>();
        for (Group.Entry entry : copy.entries()) {
            List<String> single = remains(group, entry).stream()
                    .filter(thing -> !thing.startsWith(Planner.PROGRAM_PREFIX))
                    .toList();
            if (!single.isEmpty()) {
                problems.add(new ConfigurationException.Problem(
                        "group " + group.name() + " resource",
                        entry.name(),
                        "would be on several nodes at once with " + single + "; "
                                + (group.copies().isPromotable()
                                        ? "add it with resourceWithPromoted(…), or put it"
                                        : "put it")
                                + " into a group of its own"));
            }
            if (entry.resource().scope() == Scope.EXTERNAL) {
                problems.add(new ConfigurationException.Problem(
                        "group " + group.name() + " resource",
                        entry.name(),
                        "outlives its host (scope EXTERNAL), so a copy too many would stay; put it into a group of its own"
                                + (group.copies().isPromotable() ? ", or add it with resourceWithPromoted(…)" : "")));
            }
            if (group.copies().isPromotable()
                    && entry.resource() instanceof OcfAgent agent
                    && agent.isStartedPromoted()) {
                problems.add(new ConfigurationException.Problem(
                        "group " + group.name() + " resource",
                        entry.name(),
                        "starts promoted; build the agent without promoted(), the group promotes it"));
            }
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }

    private static List<String> remains(Group group, Group.Entry entry) {
        try {
            return List.copyOf(entry.resource().remains());
        } catch (RuntimeException e) {
            throw new ConfigurationException(
                    "group " + group.name() + " resource",
                    entry.name(),
                    "does not say what stays on the host (" + e + "); let remains() give a list");
        }
    }

    private static void refuseWhatTheLeaseEnds(Group group, Part part) {
        List<ConfigurationException.Problem> ended = PartCandidacy.subjects(part).stream()
                .filter(subject -> subject.own().contains(Enforcement.KERNEL_OBJECT))
                .map(subject -> new ConfigurationException.Problem(
                        "group " + group.name() + " resource",
                        subject.name(),
                        "is ended by the kernel with the lease, so the group cannot go on without a majority; leave"
                                + " withoutQuorum(KEEP_RUNNING) out, or put it into another group"))
                .toList();
        if (!ended.isEmpty()) {
            throw new ConfigurationException(ended);
        }
    }

    private static void requireEnforcement(Coverage coverage) {
        List<ConfigurationException.Problem> gaps = coverage.resources().stream()
                .filter(item -> !item.isCovered())
                .map(item -> new ConfigurationException.Problem(
                        "group " + coverage.group() + " resource", item.resource(), item.reason()))
                .toList();
        if (!gaps.isEmpty()) {
            throw new ConfigurationException(gaps);
        }
    }
}
