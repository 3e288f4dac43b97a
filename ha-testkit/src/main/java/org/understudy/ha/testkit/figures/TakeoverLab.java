package org.understudy.ha.testkit.figures;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.testkit.netns.Bystander;
import org.understudy.ha.testkit.netns.Doubles;
import org.understudy.ha.testkit.netns.Host;
import org.understudy.ha.testkit.netns.Lab;
import org.understudy.ha.testkit.netns.Observation;
import org.understudy.ha.testkit.netns.Observer;
import org.understudy.ha.testkit.netns.Outage;
import org.understudy.ha.testkit.netns.Probe;
import org.understudy.ha.testkit.netns.Side;
import org.understudy.ha.testkit.netns.Sighting;

/** Two hosts, a witness and a client; plays one contender after the other, from whichever host has the addresses to the other one. */
final class TakeoverLab implements AutoCloseable {
    private static final String FOUR = "v4";
    private static final String SIX = "v6";
    /** To each of the two addresses. */
    private static final int IDLE = 4;

    private static final long SETTLE_SECONDS = 45;
    private static final long TAKEOVER_SECONDS = 15;
    private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long CALM_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    /** What a client sees before the fault. */
    private static final long BEFORE_MILLIS = 200;
    /** Until the next owner knows which connections there are: more than the four tenths of a second that it takes at most on an idle machine. */
    private static final long TOLD_MILLIS = 500;

    private static final long REST_MILLIS = 200;

    private final Lab lab;
    private final List<Host> owners;
    private final Observer observer;
    private final Bystander bystander;

    TakeoverLab(Path scratch) {
        lab = Lab.builder()
                .host("serv1", Side.A)
                .host("serv2", Side.B)
                .host("witness", Side.B)
                .client("client1", Side.A)
                .build();
        owners = List.of(lab.host("serv1"), lab.host("serv2"));
        Host client = lab.host("client1");
        observer = Observer.start(
                client, targets(TakeoverService.PORT), List.of(), scratch.resolve("client1-observer.log"));
        bystander = Bystander.start(
                client, targets(TakeoverService.IDLE_PORT), owners, scratch.resolve("client1-bystander.log"));
    }

    private static List<Observer.Target> targets(int port) {
        return List.of(
                new Observer.Target(FOUR, TakeoverNode.FOUR, port), new Observer.Target(SIX, TakeoverNode.SIX, port));
    }

    Lab lab() {
        return lab;
    }

    List<Host> owners() {
        return owners;
    }

    /** Both hosts as if they had just been switched on. */
    void clean() {
        for (Host host : owners) {
            host.powerOff();
            host.powerOn();
        }
    }

    /**
     * Every fault.
     *
     * @param runs of each
     */
    Map<TakeoverFault, TakeoverRuns> play(Contender contender, ToIntFunction<TakeoverFault> runs) {
        contender.start();
        observer.probe(true);
        Map<TakeoverFault, TakeoverRuns> all = new EnumMap<>(TakeoverFault.class);
        for (TakeoverFault fault : TakeoverFault.values()) {
            TakeoverRuns shown = new TakeoverRuns();
            for (int run = 0; run < runs.applyAsInt(fault); run++) {
                play(contender, fault, shown);
            }
            all.put(fault, shown);
        }
        observer.probe(false);
        return all;
    }

    private void play(Contender contender, TakeoverFault fault, TakeoverRuns shown) {
        Host owner = settled(contender);
        Host next = owners.get(1 - owners.indexOf(owner));
        if (fault.hasIdleClients()) {
            await(
                    contender,
                    TAKEOVER_SECONDS,
                    () -> bystander.connect(IDLE) == 2 * IDLE
                            ? Optional.empty()
                            : Optional.of(
                                    owner.name() + " does not take " + IDLE + " idle connections to each address"));
        }
        observer.begin();
        bystander.begin();
        watch(fault.hasIdleClients() ? TOLD_MILLIS : BEFORE_MILLIS);
        long broken = System.nanoTime();
        contender.breakIt(fault, owner, next);
        await(
                contender,
                TAKEOVER_SECONDS,
                () -> server().filter(next::equals).isPresent()
                        ? Optional.empty()
                        : Optional.of(
                                "after a " + fault.words() + " " + next.name() + " does not serve both addresses"));
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(fault.afterMillis());
        boolean isWaiting = true;
        while (isWaiting && deadline - System.nanoTime() > 0) {
            watch(10);
            isWaiting = !fault.hasIdleClients() || !bystander.idle().stream().allMatch(Bystander.Idle::hasEnded);
        }
        watch(REST_MILLIS);
        List<Bystander.Idle> idlers = fault.hasIdleClients() ? bystander.idle() : List.of();
        Observation seen = observer.end();
        Bystander.Record heard = bystander.end();
        note(shown, seen, heard, idlers, owner, next, broken);
        shown.instants().add(instants(contender, seen, heard, owner, next, broken));
        if (fault == TakeoverFault.UNPLUG) {
            owner.plugLan();
        } else if (fault == TakeoverFault.POWEROFF) {
            owner.powerOn();
        }
        contender.mend(fault, owner);
    }

    private static void note(
            TakeoverRuns shown,
            Observation seen,
            Bystander.Record heard,
            List<Bystander.Idle> idle,
            Host owner,
            Host next,
            long broken) {
        shown.gap4().add(Outage.of(seen, FOUR).gapNanos());
        shown.gap6().add(Outage.of(seen, SIX).gapNanos());
        silence(shown.arp(), heard, FOUR, owner, broken);
        silence(shown.discovery(), heard, SIX, owner, broken);
        shown.doubles().add(Math.max(doubled(heard, FOUR), doubled(heard, SIX)));
        if (idle.isEmpty()) {
            return;
        }
        long worst = 0;
        boolean isBound = false;
        for (Bystander.Idle client : idle) {
            long takeover = firstAnswer(seen, client.address(), next, broken).orElseThrow();
            worst = Math.max(worst, (client.hasEnded() ? client.endedNanos() : seen.endNanos()) - takeover);
            isBound |= !client.hasEnded();
        }
        if (isBound) {
            shown.resets().addAtLeast(worst);
        } else {
            shown.resets().add(worst);
        }
    }

    /** A host that still answers when nobody listens any more may go on for ever. */
    private static void silence(Spread spread, Bystander.Record heard, String address, Host owner, long broken) {
        long last = heard.sightings().stream()
                .filter(s -> s.isAnswered()
                        && s.address().equals(address)
                        && s.host().equals(owner.name()))
                .mapToLong(Sighting::answeredNanos)
                .max()
                .orElseThrow(() -> new LifecycleException(
                        owner.name() + " was not heard to answer for " + address + " before anything was broken"));
        if (heard.endNanos() - last < TimeUnit.MILLISECONDS.toNanos(REST_MILLIS / 2)) {
            spread.addAtLeast(heard.endNanos() - broken);
        } else {
            spread.add(Math.max(0, last - broken));
        }
    }

    private static long doubled(Bystander.Record heard, String address) {
        return Doubles.ofHosts(heard.sightings().stream()
                .filter(s -> s.address().equals(address))
                .toList());
    }

    private static OptionalLong firstAnswer(Observation seen, String address, Host by, long since) {
        return seen.probes().stream()
                .filter(p -> p.isAnswered()
                        && p.address().equals(address)
                        && p.server().equals(by.name()))
                .mapToLong(Probe::answeredNanos)
                .filter(nanos -> nanos - since > 0)
                .min();
    }

    private static Map<String, Long> instants(
            Contender contender, Observation seen, Bystander.Record heard, Host owner, Host next, long broken) {
        List<Contender.Mark> marks = new ArrayList<>(contender.marks(broken));
        for (String address : List.of(FOUR, SIX)) {
            firstAnswer(seen, address, next, broken)
                    .ifPresent(n -> marks.add(new Contender.Mark("client's first answer " + address, n)));
            heard.announcements().stream()
                    .filter(a -> a.address().equals(address) && a.host().equals(next.name()))
                    .mapToLong(Bystander.Announced::nanos)
                    .min()
                    .ifPresent(n -> marks.add(new Contender.Mark("announced " + address, n)));
            heard.sightings().stream()
                    .filter(s -> s.isAnswered()
                            && s.address().equals(address)
                            && s.host().equals(owner.name()))
                    .mapToLong(Sighting::answeredNanos)
                    .max()
                    .ifPresent(n -> marks.add(new Contender.Mark("old host's last answer " + address, n)));
            heard.sightings().stream()
                    .filter(s -> s.isAnswered()
                            && s.address().equals(address)
                            && s.host().equals(next.name()))
                    .mapToLong(Sighting::answeredNanos)
                    .min()
                    .ifPresent(n -> marks.add(new Contender.Mark("new host's first answer " + address, n)));
        }
        marks.sort(Comparator.comparingLong(Contender.Mark::nanos));
        Map<String, Long> instants = new LinkedHashMap<>();
        for (Contender.Mark mark : marks) {
            String what = mark.what().replace(owner.name() + " ", "old ").replace(next.name() + " ", "new ");
            instants.putIfAbsent(what, mark.nanos() - broken);
        }
        return instants;
    }

    private Host settled(Contender contender) {
        try {
            return settle(contender);
        } catch (LifecycleException e) {
            if (!contender.mayNeedANewStart()) {
                throw e;
            }
            System.err.println(e.getMessage() + "\nBoth hosts are started anew.");
            contender.close();
            clean();
            contender.start();
            return settle(contender);
        }
    }

    /** Waits until one host serves both addresses and has for a while, and returns it. */
    private Host settle(Contender contender) {
        long[] calmSince = {0};
        List<Host> serving = new ArrayList<>();
        await(contender, SETTLE_SECONDS, () -> {
            Optional<Host> now = server();
            Optional<String> missing = contender.unready();
            if (missing.isEmpty() && now.isEmpty()) {
                missing = Optional.of("no host serves both addresses; the last answers: " + observer.last(FOUR) + ", "
                        + observer.last(SIX));
            }
            if (missing.isPresent() || !List.of(now.orElseThrow()).equals(serving)) {
                calmSince[0] = System.nanoTime();
                serving.clear();
                now.ifPresent(serving::add);
                return Optional.of(missing.orElse("another host has begun to serve"));
            }
            return System.nanoTime() - calmSince[0] < CALM_NANOS
                    ? Optional.of("it is settled, but not for long enough yet")
                    : Optional.empty();
        });
        return serving.get(0);
    }

    /** The host that answered the client last, for both addresses and just now. */
    private Optional<Host> server() {
        Optional<Probe> four = observer.last(FOUR);
        Optional<Probe> six = observer.last(SIX);
        if (four.isEmpty()
                || six.isEmpty()
                || !four.get().server().equals(six.get().server())) {
            return Optional.empty();
        }
        long oldest = Math.min(four.get().answeredNanos(), six.get().answeredNanos());
        return System.nanoTime() - oldest > FRESH_NANOS
                ? Optional.empty()
                : owners.stream()
                        .filter(h -> h.name().equals(four.get().server()))
                        .findFirst();
    }

    private static void await(Contender contender, long seconds, Supplier<Optional<String>> missing) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        for (Optional<String> what = missing.get(); what.isPresent(); what = missing.get()) {
            if (System.nanoTime() - deadline > 0) {
                throw new LifecycleException(
                        contender.name() + ", after " + seconds + " s: " + what.get() + "\n" + contender.troubles());
            }
            watch(10);
        }
    }

    private static void watch(long millis) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    @Override
    public void close() {
        observer.close();
        bystander.close();
        lab.close();
    }
}
