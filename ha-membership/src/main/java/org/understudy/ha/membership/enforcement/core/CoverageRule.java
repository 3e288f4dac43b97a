package org.understudy.ha.membership.enforcement.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.Coverage;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;

/**
 * What ends a group at the end of its lease, resource by resource: a pure function of the resources and of this node's enforcers.
 *
 * <p>The kinds are not one scale: the end of the process leaves an address standing that outlives it, a reset of the host leaves
 * a cloud route. A resource of scope NODE is not covered by the kill although the guardian removes its remains afterwards: that removal can
 * fail, so it counts when the last will lists it (DIED), not by the clock.
 */
public final class CoverageRule {

    private CoverageRule() {}

    /** Which of the enforcers end this resource, by number, mildest kind first. Empty if it needs none. */
    public static List<Integer> relies(Subject subject, List<Offer> offers) {
        List<Integer> able = new ArrayList<>();
        if (!needs(subject)) {
            return able;
        }
        for (Enforcement kind : Enforcement.values()) {
            for (int i = 0; i < offers.size(); i++) {
                Offer offer = offers.get(i);
                boolean ends = offer.covers().contains(subject.scope())
                        || subject.own().contains(kind);
                if (offer.kind() == kind && ends) {
                    able.add(i);
                }
            }
        }
        return able;
    }

    /** Whether an enforcer has to end it; if not it is covered whatever this node has. */
    public static boolean needs(Subject subject) {
        return !subject.mayOverlap() && !subject.own().contains(Enforcement.KERNEL_OBJECT);
    }

    /**
     * @param absences for each enforcer why it cannot be relied on now; empty if it can
     * @param mayKill whether the host consents to be killed
     */
    public static Coverage of(
            String group,
            List<Subject> subjects,
            List<Offer> offers,
            List<Optional<String>> absences,
            boolean mayKill) {
        List<Coverage.Item> items = new ArrayList<>();
        for (Subject subject : subjects) {
            items.add(item(subject, offers, absences, mayKill));
        }
        return new Coverage(group, items);
    }

    private static Coverage.Item item(
            Subject subject, List<Offer> offers, List<Optional<String>> absences, boolean mayKill) {
        if (subject.mayOverlap()) {
            return new Coverage.Item(
                    subject.name(), true, Enforcement.COOPERATIVE, "two of it do no harm behind what is enforced");
        }
        if (!needs(subject)) {
            return new Coverage.Item(
                    subject.name(), true, Enforcement.KERNEL_OBJECT, "the kernel ends it by itself with the lease");
        }
        StringBuilder missing = new StringBuilder();
        for (int i : relies(subject, offers)) {
            Offer offer = offers.get(i);
            if (absences.get(i).isEmpty()) {
                return new Coverage.Item(subject.name(), true, offer.kind(), "ended by " + offer.name());
            }
            missing.append("; ")
                    .append(offer.name())
                    .append(" is not there: ")
                    .append(absences.get(i).get());
        }
        return new Coverage.Item(
                subject.name(), false, Enforcement.COOPERATIVE, gap(subject.scope(), mayKill) + missing);
    }

    private static String gap(Scope scope, boolean mayKill) {
        return switch (scope) {
            case PROCESS ->
                mayKill
                        ? "only our own code ends it, and nothing on this host can kill this process when the lease ends"
                        : "only our own code ends it; allow processPolicy(KILL_AT_LEASE_END), or give the builder an enforcer";
            case NODE ->
                "it outlives this process, so a kill does not end it; let a kernel object of its own end it, or give the builder a"
                        + " watchdog";
            case EXTERNAL ->
                "it outlives this host; give the builder an enforcer that covers EXTERNAL, or let its sink compare tokens";
        };
    }
}
