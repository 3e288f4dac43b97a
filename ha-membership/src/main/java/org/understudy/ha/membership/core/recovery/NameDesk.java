package org.understudy.ha.membership.core.recovery;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.NameClaim;
import org.understudy.ha.membership.core.record.Session;

/**
 * The names that this node claims, and which of them it may believe in. Pure.
 *
 * <p>A name is owned from the moment that a record known to be chosen shows it in the session of the present incarnation, <em>at an offer
 * that claimed it</em>: an older record may show a claim that was withdrawn since and that another may have by now. It is owned no more
 * from the moment it is withdrawn, or the session is over; the lease ends before either can be seen by anybody else.
 */
final class NameDesk {

    private final TreeMap<String, Own> own = new TreeMap<>();

    void register(long request, String name, NameClaim claim) {
        own.put(name, new Own(claim, request));
    }

    /** Nothing if the name is over already: that has been told. */
    List<Told> change(Ask.Change ask) {
        Own present = own.get(ask.name());
        if (present == null || present.registration != ask.registration()) {
            return List.of(new Told.NameRefused(ask.request(), ask.name(), "it is not this node's any more"));
        }
        present.claim = new NameClaim(ask.value(), present.claim.isExclusive());
        present.changedAt = 0;
        present.requests.add(ask.request());
        return List.of();
    }

    List<Told> withdraw(Ask.Withdraw ask) {
        Own present = own.get(ask.name());
        if (present == null || present.registration != ask.registration()) {
            return List.of();
        }
        own.remove(ask.name());
        return over(ask.name(), present, "it was withdrawn");
    }

    /** Whoever still waits for the first answer claims the name no more. */
    List<Told> giveUp(long request) {
        List<Told> told = new ArrayList<>();
        for (String name : new ArrayList<>(own.keySet())) {
            Own present = present(name);
            if (present.requests.contains(request)) {
                present.requests.remove(request);
                told.add(new Told.NameUnknown(request, name, "no majority has answered in time"));
                if (!present.isHeld) {
                    own.remove(name);
                    told.addAll(over(name, present, "it was not registered in time"));
                }
            }
        }
        return told;
    }

    TreeMap<String, NameClaim> claims() {
        TreeMap<String, NameClaim> claims = new TreeMap<>();
        own.forEach((name, present) -> claims.put(name, present.claim));
        return claims;
    }

    /** Whether something is claimed that no offer has said yet. */
    boolean hasUnsaid() {
        return own.values().stream().anyMatch(present -> present.since == 0 || present.changedAt == 0);
    }

    /** Everything that is claimed now was said with this version of the offer. */
    void offered(long version) {
        for (Own present : own.values()) {
            present.since = present.since == 0 ? version : present.since;
            present.changedAt = present.changedAt == 0 ? version : present.changedAt;
        }
    }

    /** A record is known to be chosen in which this session stands. */
    List<Told> learned(ClusterRecord record, Session session) {
        List<Told> told = new ArrayList<>();
        for (String name : new ArrayList<>(own.keySet())) {
            Own present = present(name);
            boolean isAnswered = present.since > 0 && session.offerVersion() >= present.since;
            boolean isChanged = present.changedAt > 0 && session.offerVersion() >= present.changedAt;
            Optional<NameClaim> shown =
                    Optional.ofNullable(session.holdings().names().get(name));
            if (isAnswered && shown.isEmpty()) {
                own.remove(name);
                String why = whyNot(record, session.incarnation(), name);
                present.requests.forEach(request -> told.add(new Told.NameRefused(request, name, why)));
                present.requests.clear();
                told.addAll(over(name, present, why));
            } else if (isAnswered && isChanged) {
                told.addAll(answer(session.incarnation(), name, present, shown.orElseThrow()));
            }
        }
        return told;
    }

    private static List<Told> answer(Incarnation owner, String name, Own present, NameClaim shown) {
        present.isHeld = true;
        List<Told> told = new ArrayList<>();
        boolean isTaken = shown.equals(present.claim);
        for (long request : present.requests) {
            told.add(
                    isTaken
                            ? new Told.NameHeld(request, name, owner)
                            : new Told.NameRefused(
                                    request,
                                    name,
                                    "the cluster record has no room for the longer value, so the old one stays; withdraw other"
                                            + " names, or keep the value elsewhere and name where"));
        }
        present.requests.clear();
        present.claim = shown;
        return told;
    }

    /** The session is over, or about to be. */
    List<Told> end(String why) {
        List<Told> told = new ArrayList<>();
        own.forEach((name, present) -> told.addAll(over(name, present, why)));
        own.clear();
        return told;
    }

    private static List<Told> over(String name, Own present, String why) {
        List<Told> told = new ArrayList<>();
        present.requests.forEach(request -> told.add(new Told.NameUnknown(request, name, why)));
        told.add(new Told.NameOver(present.registration, name, why));
        return told;
    }

    private static String whyNot(ClusterRecord record, Incarnation who, String name) {
        TreeSet<Incarnation> owners = new TreeSet<>();
        boolean isExclusive = false;
        for (Session session : record.sessions().values()) {
            NameClaim claim = session.holdings().names().get(name);
            if (claim != null && !session.incarnation().equals(who)) {
                owners.add(session.incarnation());
                isExclusive |= claim.isExclusive();
            }
        }
        if (owners.isEmpty()) {
            return "the cluster record has no room for it, or another had it in that moment; withdraw other names, or ask again";
        }
        return isExclusive ? owners.first() + " owns it exclusively" : owners + " own it, shared";
    }

    private Own present(String name) {
        return Optional.ofNullable(own.get(name)).orElseThrow();
    }

    private static final class Own {
        private final long registration;
        private NameClaim claim;
        private final TreeSet<Long> requests = new TreeSet<>();
        /** Version of the offer that claimed it first; 0 before that. */
        private long since;
        /** Version of the offer that said its present value first; 0 before that. */
        private long changedAt;

        private boolean isHeld;

        private Own(NameClaim claim, long request) {
            this.registration = request;
            this.claim = claim;
            requests.add(request);
        }
    }
}
