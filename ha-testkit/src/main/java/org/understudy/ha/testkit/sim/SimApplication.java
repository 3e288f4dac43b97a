package org.understudy.ha.testkit.sim;

import java.util.Optional;
import java.util.TreeMap;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.NameClaim;
import org.understudy.ha.membership.core.recovery.Ask;
import org.understudy.ha.membership.core.recovery.CoreServices;
import org.understudy.ha.membership.core.recovery.Told;
import org.understudy.ha.testkit.sim.clock.SimRandom;

/** What one process does with names and with a barrier. */
final class SimApplication {

    /** The one barrier there is. */
    static final String BARRIER = "rebuild";

    private static final String NAME = "queue";

    private final World world;
    private final SimProcess process;
    /** The registration of each name that is not over, and whether it is exclusive. */
    private final TreeMap<String, Own> own = new TreeMap<>();

    private record Own(long request, boolean isExclusive) {}

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
        } else if (told instanceof Told.BarrierDecided decided) {
            boolean isKnown = process.machine()
                    .learned()
                    .filter(record -> world.barriers().decided(record, decided))
                    .isPresent();
            world.count(isKnown ? "phases " + decided.outcome() : "phases of unknown end");
        }
    }
}
