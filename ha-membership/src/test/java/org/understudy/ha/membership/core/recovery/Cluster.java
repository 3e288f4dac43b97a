package org.understudy.ha.membership.core.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.Records;
import org.understudy.ha.membership.core.plan.Facts;
import org.understudy.ha.membership.core.plan.Facts.Admission;
import org.understudy.ha.membership.core.plan.Facts.Offered;
import org.understudy.ha.membership.core.plan.Plan;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.Claims;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.NameClaim;
import org.understudy.ha.membership.core.record.Rung;
import org.understudy.ha.membership.core.record.Session;

/**
 * The core services of three members around one chain of chosen records. Who learns which record when, whose offers arrive and whose session
 * ends is for the test to say; what must never be seen is checked after everything that happens.
 */
final class Cluster {

    static final List<NodeId> NODES = List.of(Records.A, Records.B, Records.C);
    static final String NAME = "queue";
    static final String BARRIER = "rebuild";
    private static final long HOLD = 100;

    final List<Member> members = new ArrayList<>();
    /** Every chosen record, oldest first. */
    final List<ClusterRecord> chain = new ArrayList<>();
    /** Who entered which phase: what the members' own callers did. */
    private final TreeMap<Long, TreeSet<Incarnation>> entered = new TreeMap<>();

    /** Which rungs members have climbed, by view. */
    private final TreeMap<Long, TreeMap<Incarnation, TreeSet<Rung>>> climbed = new TreeMap<>();

    private final TreeMap<Long, Told.Outcome> outcomes = new TreeMap<>();
    private long requests;
    long now = 1_000;

    Cluster() {
        chain.add(Records.empty());
        NODES.forEach(node -> members.add(new Member(node)));
    }

    ClusterRecord newest() {
        return chain.get(chain.size() - 1);
    }

    /** Writes a record from what has arrived, if it would change anything. */
    void decide() {
        TreeMap<NodeId, Admission> joins = new TreeMap<>();
        TreeMap<Incarnation, Offered> offers = new TreeMap<>();
        TreeSet<Incarnation> silent = new TreeSet<>();
        for (Member member : members) {
            if (member.isUp && member.self.isEmpty()) {
                joins.put(member.node, new Admission(member.nonce, "disk", HostIdentity.UNKNOWN, "", 0));
            }
            member.arrived.forEach(offers::put);
            // Only what its lease has ended before: that is what a majority waits for.
            member.self.filter(me -> member.isMute).ifPresent(silent::add);
            // An earlier life of its process is over, whether or not it ever learned of its session.
            Optional.ofNullable(newest().sessions().get(member.node))
                    .filter(session -> session.joinNonce() != member.nonce)
                    .map(Session::incarnation)
                    .ifPresent(silent::add);
        }
        silent.removeIf(who -> !newest().isLive(who));
        Facts facts = new Facts(
                joins,
                offers,
                new TreeMap<>(),
                new TreeSet<>(),
                new TreeMap<>(),
                silent,
                new TreeMap<>(),
                new TreeSet<>(NODES),
                0,
                List.of(),
                true);
        Plan plan = Planner.plan(newest(), facts);
        if (plan.isChange()) {
            chain.add(plan.record());
            assertThat(Planner.plan(plan.record(), facts).isChange())
                    .as("planning again with the same facts changes nothing")
                    .isFalse();
            checkRecord(plan.record());
        }
    }

    private static void checkRecord(ClusterRecord record) {
        TreeMap<String, List<NameClaim>> owners = new TreeMap<>();
        record.sessions()
                .values()
                .forEach(session -> session.holdings()
                        .names()
                        .forEach((name, claim) -> owners.computeIfAbsent(name, n -> new ArrayList<>())
                                .add(claim)));
        owners.values()
                .forEach(claims -> assertThat(
                                claims.size() == 1 || claims.stream().noneMatch(NameClaim::isExclusive))
                        .as("owners in record %s: %s", record.number(), owners)
                        .isTrue());
    }

    private void checkOwners() {
        for (Member one : members) {
            for (Member other : members) {
                if (one != other && one.believes() && other.believes()) {
                    assertThat(one.isExclusive || other.isExclusive)
                            .as("%s and %s both believe to own %s", one, other, NAME)
                            .isFalse();
                }
            }
        }
    }

    /** One node: its core services, and what its callers were told. */
    final class Member {
        final NodeId node;
        CoreServices services = new CoreServices(HOLD);
        Optional<Incarnation> self = Optional.empty();
        final TreeMap<Incarnation, Offered> arrived = new TreeMap<>();
        private int learned = -1;
        private long version;
        private Claims said = Claims.NONE;
        private Offered offer = new Offered(0, new TreeMap<>());
        long nonce = 1;
        boolean isUp = true;
        /** Its lease has run out, and nobody here has noticed. */
        boolean isMute;

        private boolean isClaimed;
        private long registration;
        private boolean isHeld;
        boolean isExclusive;
        private boolean isJoined;
        final List<Told> heard = new ArrayList<>();
        final List<Told.Climb> climbs = new ArrayList<>();
        Told.@Nullable Climb climbing;
        private boolean isDescending;

        private Member(NodeId node) {
            this.node = node;
        }

        boolean believes() {
            return isHeld && !isMute;
        }

        Optional<ClusterRecord> known() {
            return learned < 0 ? Optional.empty() : Optional.of(chain.get(learned));
        }

        boolean isBehind() {
            return learned < chain.size() - 1;
        }

        /** Learns the newest record that was chosen, whatever it has missed. */
        void learn() {
            if (!isUp) {
                return;
            }
            learned = chain.size() - 1;
            ClusterRecord record = newest();
            services.learned(record, self);
            listen();
            if (self.isPresent() && !record.isLive(self.get())) {
                loseSession();
            }
            Session session = record.sessions().get(node);
            if (self.isEmpty() && session != null && session.joinNonce() == nonce) {
                self = Optional.of(session.incarnation());
                isMute = false;
            }
            look();
        }

        private void loseSession() {
            self = Optional.empty();
            nonce++;
            version = 0;
            said = Claims.NONE;
            offer = new Offered(0, new TreeMap<>());
            services.sessionOver("its session is over");
            listen();
            assertThat(isHeld).isFalse();
        }

        /** The process is started again. */
        void restart() {
            self = Optional.empty();
            learned = -1;
            nonce += 100;
            version = 0;
            said = Claims.NONE;
            offer = new Offered(0, new TreeMap<>());
            services = new CoreServices(HOLD);
            isClaimed = false;
            isHeld = false;
            isJoined = false;
            climbing = null;
            isUp = true;
            isMute = false;
            checkOwners();
        }

        void die() {
            isUp = false;
            isHeld = false;
        }

        /** Says what it claims, if that is news; {@code arrives} tells whether the others hear it now. */
        void offer(boolean arrives) {
            look();
            if (isUp
                    && self.isPresent()
                    && (services.hasUnsaid() || !services.claims().equals(said))) {
                said = services.claims();
                version++;
                services.offered(version);
                offer = new Offered(version, new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), said);
            }
            if (arrives && self.isPresent() && offer.version() > 0) {
                arrived.put(self.get(), offer);
            }
        }

        void ask(Ask ask) {
            if (isUp) {
                services.ask(now, ask, known(), self);
                listen();
                look();
            }
        }

        void look() {
            services.look(now, isUp && self.isPresent() && !isMute, known(), self);
            listen();
        }

        void register(boolean exclusive) {
            if (!isClaimed && isUp) {
                isClaimed = true;
                isExclusive = exclusive;
                registration = ++requests;
                ask(new Ask.Register(registration, NAME, new NameClaim("of " + node, exclusive)));
            }
        }

        void withdraw() {
            isHeld = false;
            ask(new Ask.Withdraw(registration, NAME));
        }

        void join() {
            isJoined = true;
            ask(new Ask.Join(BARRIER));
        }

        void part() {
            isJoined = false;
            ask(new Ask.Part(BARRIER));
        }

        long enter() {
            if (!isUp || !isJoined) {
                return 0;
            }
            Optional<Told.View> view = known().flatMap(record -> BarrierDesk.view(record, BARRIER));
            long request = ++requests;
            // Before it is asked for: the caller begins here.
            view.filter(v -> self.filter(v.members()::contains).isPresent())
                    .ifPresent(v -> entered.computeIfAbsent(v.phase(), p -> new TreeSet<>())
                            .add(self.orElseThrow()));
            ask(new Ask.Enter(request, BARRIER, view.map(Told.View::number).orElse(0L)));
            return request;
        }

        private void listen() {
            for (Told told : services.told()) {
                heard.add(told);
                if (told instanceof Told.NameHeld held) {
                    assertThat(self).contains(held.owner());
                    isHeld = isClaimed;
                    checkOwners();
                } else if (told instanceof Told.NameOver) {
                    isHeld = false;
                    isClaimed = false;
                } else if (told instanceof Told.BarrierDecided decided) {
                    judge(decided);
                } else if (told instanceof Told.Climb climb) {
                    checkClimb(climb);
                    climbs.add(climb);
                    climbing = climb;
                } else if (told instanceof Told.Descend) {
                    isDescending = true;
                }
            }
        }

        /** Before a rung is climbed every member has done what it had to do on each lower one, in this view. */
        private void checkClimb(Told.Climb climb) {
            assertThat(climbing).as("one action at a time").isNull();
            isDescending = false;
            ClusterRecord record = known().orElseThrow();
            for (Incarnation member : climb.members()) {
                List<Rung> own = BarrierDesk.standing(record, member, Ladder.BARRIER)
                        .orElseThrow()
                        .claim()
                        .rungs();
                TreeSet<Rung> done =
                        climbed.getOrDefault(climb.view(), new TreeMap<>()).getOrDefault(member, new TreeSet<>());
                own.stream()
                        .filter(rung -> rung.compareTo(climb.rung()) < 0)
                        .forEach(rung -> assertThat(done)
                                .as("%s climbs %s in view %s of %s", self, climb.rung(), climb.view(), climb.members())
                                .contains(rung));
            }
        }

        /** The action ends: well, or not. */
        void finish(Optional<String> failure) {
            Told.Climb present = climbing;
            if (present == null || !isUp) {
                return;
            }
            if (failure.isEmpty() && !isDescending) {
                climbed.computeIfAbsent(present.view(), v -> new TreeMap<>())
                        .computeIfAbsent(self.orElseThrow(), m -> new TreeSet<>())
                        .add(present.rung());
            }
            climbing = null;
            ask(new Ask.Climbed(present.view(), present.phase(), failure, true));
        }

        /** The action goes on for too long. */
        void overrun() {
            Told.Climb present = climbing;
            if (present != null && isUp) {
                ask(new Ask.Climbed(present.view(), present.phase(), Optional.of("overran"), false));
                isDescending = true;
            }
        }

        boolean isOnTop() {
            return known().filter(record -> self.flatMap(me -> BarrierDesk.standing(record, me, Ladder.BARRIER))
                            .filter(standing ->
                                    standing.passes() >= Ladder.sequence(record).size())
                            .isPresent())
                    .isPresent();
        }

        private void judge(Told.BarrierDecided decided) {
            if (decided.phase() == 0 || decided.outcome() == Told.Outcome.UNKNOWN) {
                return;
            }
            Told.Outcome before = outcomes.putIfAbsent(decided.phase(), decided.outcome());
            assertThat(before == null || before == decided.outcome())
                    .as("phase %s ended twice: %s and %s", decided.phase(), before, decided)
                    .isTrue();
            if (decided.outcome() == Told.Outcome.PASSED) {
                ClusterRecord open = chain.stream()
                        .filter(record -> BarrierDesk.view(record, BARRIER)
                                .filter(view -> view.phase() == decided.phase())
                                .isPresent())
                        .findFirst()
                        .orElseThrow();
                assertThat(entered.get(decided.phase()))
                        .as("who has entered phase %s", decided.phase())
                        .containsAll(
                                BarrierDesk.view(open, BARRIER).orElseThrow().members());
            }
        }

        @Override
        public String toString() {
            return self.map(Incarnation::toString).orElse(node + " without a session");
        }
    }

    /** Nothing is lost from now on, until nothing is left to do. */
    void settle() {
        for (int i = 0; i < 30; i++) {
            for (Member member : members) {
                if (!member.isUp) {
                    member.restart();
                }
                member.learn();
                member.offer(true);
            }
            decide();
        }
        members.forEach(Member::learn);
    }

    /** Every action that is begun ends well, until all members are on top or nothing more happens. */
    void climb() {
        for (int i = 0; i < 20; i++) {
            now += 100 * HOLD;
            settle();
            members.forEach(member -> member.finish(Optional.empty()));
        }
    }
}
