package org.understudy.ha.membership.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.Coverage;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.WithoutQuorum;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.PromotableResource;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.enforcement.core.Subject;

/**
 * What a part of a group says of itself to the cluster: whether it could run here, what ends it without us, and what it would leave on the
 * host. Computed from its resources, who are asked in the lane; everything else may be read by any thread.
 */
public final class PartCandidacy {

    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);
    private static final String KEPT = "it goes on without a majority: withoutQuorum(KEEP_RUNNING)";
    private static final String COPIED =
            "it need not end with the lease: whoever wants copies says that one too many does no harm";

    private final Part part;
    private final Group group;
    private final boolean isElection;
    /** Whether the end of the lease alone lets others take over: a leader's task of which a late moment does no harm. */
    private final boolean isLeaseEnough;

    private final int priority;
    private final Lane.Surroundings around;
    private volatile List<Subject> subjects = List.of();
    /** While no offer said so, no grant of this node relies on an enforcer. */
    private volatile boolean wasOfferedAsCovered;

    PartCandidacy(Part part, Group group, boolean isElection, Lane.Surroundings around) {
        this.part = part;
        this.group = group;
        this.isElection = isElection;
        this.around = around;
        List<LeaderResource> leaders = part.entries().stream()
                .map(Group.Entry::resource)
                .filter(LeaderResource.class::isInstance)
                .map(LeaderResource.class::cast)
                .toList();
        this.isLeaseEnough = !leaders.isEmpty() && leaders.stream().allMatch(LeaderResource::isLeaseEnough);
        this.priority =
                leaders.stream().mapToInt(LeaderResource::priority).max().orElse(part.priority());
    }

    /** Whether what else ends it changes nothing about its candidacy, because the lease is enough. */
    boolean isLeaseEnough() {
        return isLeaseEnough;
    }

    /** Whether a grant of this node may rely on an enforcer. */
    boolean wasOfferedAsCovered() {
        return wasOfferedAsCovered;
    }

    /** What its resources said of what ends them when it was offered. */
    List<Subject> subjects() {
        return subjects;
    }

    /** What ends this group here, resource by resource. */
    Coverage coverage() {
        List<Subject> known = subjects;
        Coverage coverage = around.cover().coverage(group.name(), known.isEmpty() ? subjects(part) : known);
        if (keepsRunning()) {
            return because(coverage, false, KEPT);
        }
        return part.role() == Role.COPY ? because(coverage, true, COPIED) : coverage;
    }

    private Coverage because(Coverage coverage, boolean isCovered, String reason) {
        return new Coverage(
                group.name(),
                coverage.resources().stream()
                        .map(item -> new Coverage.Item(item.resource(), isCovered, Enforcement.COOPERATIVE, reason))
                        .toList());
    }

    /** Whether the group goes on where no majority answers: then nothing may be armed that ends it with the lease. */
    boolean keepsRunning() {
        return group.withoutQuorum() == WithoutQuorum.KEEP_RUNNING;
    }

    /**
     * Announces what the group would leave on the host, so that a last will can always speak of it; then the candidacy, which is a veto if a
     * resource does not say what it is. In the lane.
     *
     * @param isNews whether the log is told what ends it
     * @param presence whether anything of it is active here although this library did not start it
     * @param eligibility whether it could be started here
     * @param rank of a promoted role how well it would be here
     */
    Candidacy announce(boolean isNews, Presence presence, Eligibility eligibility, long rank) {
        try {
            Candidacy candidacy = of(presence, eligibility, rank);
            candidacy.remains().forEach(around.claim());
            if (isNews) {
                logCoverage();
            }
            return candidacy;
        } catch (RuntimeException | LinkageError e) {
            LOG.error("group {}: a resource does not say what it is; the group is not started here", part.title(), e);
            String why = "a resource does not say what it is: " + Instance.cut(e.toString());
            return new Candidacy(part.preferred(), isElection, false, why, Presence.UNKNOWN, false, List.of());
        }
    }

    private void logCoverage() {
        Coverage coverage = coverage();
        if (part.role() == Role.COPY) {
            LOG.debug("group {}: {}", part.title(), coverage);
        } else if (coverage.isComplete()) {
            LOG.info("group {}: ended without us when its lease is over: {}", part.title(), coverage);
        } else if (isLeaseEnough) {
            LOG.debug("group {}: the task itself must heed its lease: {}", part.title(), coverage);
        } else {
            LOG.info(
                    "group {}: after a pause or a power cut of this host no other node takes it over until this process is"
                            + " proved gone: {}",
                    part.title(),
                    coverage);
        }
    }

    /** What ends this group at the end of the lease, and what stays on the host: computed from its resources. */
    private Candidacy of(Presence presence, Eligibility eligibility, long rank) {
        if (subjects.isEmpty()) {
            subjects = subjects(part);
        }
        Coverage coverage = coverage();
        boolean isExpirable = coverage.isComplete() || isLeaseEnough;
        boolean isRefused = group.isEnforcementRequired() && !coverage.isComplete();
        List<String> remains = new ArrayList<>();
        for (Group.Entry entry : part.entries()) {
            List<String> things = entry.resource().remains();
            for (String thing : things) {
                remains.add(ownName(thing));
            }
            Scope scope = scope(part, entry);
            String own = part.name() + "/" + entry.name();
            if (scope == Scope.EXTERNAL) {
                // No last will can speak for what outlives the host.
                remains.add(Planner.EXTERNAL_PREFIX + own);
            } else if (scope == Scope.NODE && PartRoles.isPromoted(part, entry) && things.isEmpty()) {
                // A role that the kernel holds has no name of its own: no last will lists it, and a new kernel proves
                // it over.
                remains.add(Planner.PROGRAM_PREFIX + own);
            }
        }
        wasOfferedAsCovered |= isExpirable && !isLeaseEnough;
        return new Candidacy(
                part.preferred(),
                isElection,
                eligibility.isEligible() && !isRefused,
                isRefused
                        ? Instance.cut("enforcement is required and not there: "
                                + coverage.gaps().orElse(""))
                        : eligibility.reason(),
                presence,
                isExpirable,
                remains,
                part.role() == Role.PROMOTED ? rank : priority,
                keepsRunning());
    }

    /** A program of a copy is another one on each node, and its promoted role another thing than its running. */
    private String ownName(String thing) {
        if (!thing.startsWith(Planner.PROGRAM_PREFIX)) {
            return thing;
        }
        return switch (part.role()) {
            case WHOLE -> thing;
            case COPY -> thing + "@" + around.self();
            case PROMOTED -> thing + "!promoted";
        };
    }

    /** Asks the resources of a part of a group what ends them. */
    public static List<Subject> subjects(Part part) {
        List<Subject> subjects = new ArrayList<>();
        for (Group.Entry entry : part.entries()) {
            boolean isPromoted = PartRoles.isPromoted(part, entry);
            ManagedResource resource = entry.resource();
            subjects.add(new Subject(
                    entry.name(),
                    scope(part, entry),
                    List.copyOf(
                            isPromoted
                                    ? ((PromotableResource) resource).promotedEnforcements()
                                    : resource.enforcements()),
                    // Whoever wants copies says that one too many does no harm for a while; of two promoted nobody says
                    // so.
                    part.role() == Role.COPY || entry.mayOverlap() && !isPromoted));
        }
        return List.copyOf(subjects);
    }

    /** What must end for the part to be surely gone. */
    private static Scope scope(Part part, Group.Entry entry) {
        ManagedResource resource = entry.resource();
        Scope scope =
                PartRoles.isPromoted(part, entry) ? ((PromotableResource) resource).promotedScope() : resource.scope();
        return Objects.requireNonNull(scope, entry.name() + ": scope() gave null");
    }
}
