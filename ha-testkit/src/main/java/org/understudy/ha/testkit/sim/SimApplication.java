package org.understudy.ha.testkit.sim;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.NameClaim;
import org.understudy.ha.membership.core.record.Rung;
import org.understudy.ha.membership.core.recovery.Ask;
import org.understudy.ha.membership.core.recovery.CoreServices;
import org.understudy.ha.membership.core.recovery.Told;
import org.understudy.ha.testkit.sim.clock.SimRandom;

/** What one process does with names, with a barrier, and on the ladder. */
final class SimApplication {

    /** The one barrier there is. */
    static final String BARRIER = "rebuild";

    private static final String NAME = "queue";

    private final World world;
    private final SimProcess process;
    /** The registration of each name that is not over, and whether it is exclusive. */
    private final TreeMap<String, Own> own = new TreeMap<>();

    private record Own(long request, boolean isExclusive) {}

    private static final List<Rung> RUNGS =
            List.of(new Rung(1, "suspend"), new Rung(2, "recover"), new Rung(3, "resume"));

    private final TreeSet<Rung> rungs = new TreeSet<>();
    /** The action that runs, and whether it is still wanted. */
    private Told.@Nullable Climb climbing;

    private boolean isDescending;
    private boolean hasFailed;
    private boolean isMember;
    private long requests;

    SimApplication(World world, SimProcess process) {
        this.world = world;
        this.process = process;
    }

    /** Registers a name that it has not, or gives it up, and now and then asks for it again at once. */
    void name(long luck) {
        Own present = own.get(NAME);
        if (present == null) {
            register(luck);
        } else if (SimRandom.happens(luck, 600)) {
            own.remove(NAME);
            world.names().over(process.index(), NAME);
            ask(new Ask.Withdraw(present.request, NAME));
            if (SimRandom.happens(luck + 1, 500)) {
                register(luck + 2);
            }
        } else {
            ask(new Ask.Change(++requests, present.request, NAME, "value " + luck));
        }
    }

    private void register(long luck) {
        boolean isExclusive = SimRandom.happens(luck + 3, 700);
        own.put(NAME, new Own(++requests, isExclusive));
        ask(new Ask.Register(requests, NAME, new NameClaim("of " + process.id(), isExclusive)));
    }

    /** Becomes a member of the barrier, or enters it, or, rarely, leaves it. */
    void barrier(long luck) {
        if (!isMember) {
            isMember = true;
            ask(new Ask.Join(BARRIER));
        } else if (SimRandom.happens(luck, 60)) {
            isMember = false;
            ask(new Ask.Part(BARRIER));
        } else {
            NodeMachine machine = process.machine();
            Optional<ClusterRecord> known = machine.learned();
            Optional<Told.View> view = known.flatMap(record -> CoreServices.view(record, BARRIER));
            Optional<Incarnation> self = machine.incarnation();
            if (view.isPresent() && self.isPresent()) {
                world.barriers().enters(known.get(), self.get());
                ask(new Ask.Enter(++requests, BARRIER, view.get().number()));
            }
        }
    }

    /** Hangs a rung or two, or, now and then, takes one down. */
    void ladder(long luck) {
        Rung rung = RUNGS.get((int) SimRandom.scale(luck, 0, RUNGS.size()));
        if (rungs.remove(rung)) {
            ask(new Ask.Unhang(rung));
        } else if (SimRandom.happens(luck + 1, 700)) {
            rungs.add(rung);
            ask(new Ask.Hang(rung));
        } else {
            rungs.addAll(RUNGS);
            RUNGS.forEach(each -> ask(new Ask.Hang(each)));
        }
    }

    private void begins(Told.Climb climb) {
        process.machine().learned().ifPresent(known -> world.ladders().begins(known, climb));
        climbing = climb;
        isDescending = false;
        long luck = SimRandom.hash(world.seed(), 'c', process.index(), climb.phase());
        // Never twice in a row: what it waits longer each time would be beyond the bound of recovery.
        boolean isLucky = world.isHealed() || hasFailed || SimRandom.happens(luck, 800);
        hasFailed = !isLucky;
        long length = SimRandom.scale(luck + 1, 0, isLucky ? 200 : 800) * World.MILLI;
        if (!isLucky && SimRandom.happens(luck + 2, 500)) {
            process.later(length / 2, () -> report(climb, Optional.of("simulated overrun"), false));
        }
        Optional<String> failure = isLucky ? Optional.empty() : Optional.of("simulated failure");
        process.later(length, () -> report(climb, failure, true));
    }

    private void report(Told.Climb climb, Optional<String> failure, boolean isReturned) {
        Optional<Incarnation> self = process.machine().incarnation();
        if (failure.isEmpty() && !isDescending && self.isPresent()) {
            process.machine().learned().ifPresent(known -> world.ladders().does(known, self.get(), climb));
            world.count("rungs climbed");
        }
        if (isReturned) {
            climbing = null;
        }
        ask(new Ask.Climbed(climb.view(), climb.phase(), failure, isReturned));
    }

    private void ask(Ask ask) {
        process.input(new Input.Asked(ask));
    }

    /** What the machine tells. */
    void hears(Told told) {
        world.trace(process.id(), () -> "   " + told);
        if (told instanceof Told.NameHeld held) {
            Own present = own.get(held.name());
            if (present != null && present.request <= held.request()) {
                world.count("names held");
                world.names().held(process.index(), held.name(), present.isExclusive);
            }
        } else if (told instanceof Told.NameRefused) {
            world.count("names refused");
        } else if (told instanceof Told.NameOver over) {
            Own present = own.get(over.name());
            if (present != null && present.request == over.registration()) {
                own.remove(over.name());
                world.names().over(process.index(), over.name());
            }
        } else if (told instanceof Told.Climb climb) {
            begins(climb);
        } else if (told instanceof Told.Descend descend) {
            Told.Climb present = climbing;
            isDescending |= present != null && present.phase() == descend.phase();
            world.count("rungs left");
        } else if (told instanceof Told.BarrierDecided decided) {
            boolean isKnown = process.machine()
                    .learned()
                    .filter(record -> world.barriers().decided(record, decided))
                    .isPresent();
            world.count(isKnown ? "phases " + decided.outcome() : "phases of unknown end");
        }
    }
}
