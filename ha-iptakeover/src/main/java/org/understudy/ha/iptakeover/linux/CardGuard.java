package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.bpf.BpfCall;
import org.understudy.ha.iptakeover.bpf.BpfCall.ProgramInfo;
import org.understudy.ha.iptakeover.bpf.BpfCall.Rule;
import org.understudy.ha.iptakeover.bpf.GuardMaps;
import org.understudy.ha.iptakeover.bpf.GuardMaps.Shape;
import org.understudy.ha.iptakeover.bpf.GuardProgram;
import org.understudy.ha.iptakeover.bpf.GuardProgram.Direction;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.NativeAccess;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.spi.DeadlineGate;

/**
 * The guard of one card: {@link GuardProgram} in each direction and the two maps that both read, see {@link GuardMaps}. All resources and
 * processes of a network namespace share it, and find it by the names of the programs. With empty maps it does nothing, so it is put up
 * ahead of time: that takes some 25 ms, because the kernel waits for all processors, and a start has then only to write the maps.
 *
 * <p>Attached as they are here, not by a link of BPF, the programs stay when the process dies: what guards the addresses must not die with
 * who is to be guarded against. Neither does renaming the card detach them. Whoever leaves takes them away if the maps are empty; who
 * needs them then puts them up again. Changes of the programs and of {@code held} are made under {@link CardLock}.
 *
 * <p>The programs stand in front of all others, because one that decides before them is obeyed.
 *
 * <p>Needs {@code CAP_NET_ADMIN}, {@code CAP_BPF} to load, and {@code CAP_SYS_ADMIN} to find what another process attached; none of them is worth
 * anything in a user namespace. Linux 6.6 has the hook.
 *
 * <p><b>Concurrency.</b> Any thread.
 */
public final class CardGuard implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CardGuard.class);

    private static final int LOCK_MILLIS_MAX = 1_000;
    /** Last rites have others waiting for them. */
    private static final int RITES_LOCK_MILLIS_MAX = 200;

    private static final long TRIAL_FUTURE_NANOS = 10_000_000_000L;
    private static final long TRIAL_PAST_NANOS = 1_000_000;
    private static final int ENOSYS = 38;

    private final ReentrantLock lock = new ReentrantLock();
    private final int index;
    private final String card;
    private volatile GuardMap held;
    private volatile GuardMap until;
    /** Loaded by this process, ready to be attached. */
    private Map<Direction, Fd> programs;
    /** Those at the head of the card, whoever loaded them. */
    private final Map<Direction, Integer> attached = new EnumMap<>(Direction.class);

    private CardGuard(int index, String card, GuardMap held, GuardMap until, Map<Direction, Fd> programs) {
        this.index = index;
        this.card = card;
        this.held = held;
        this.until = until;
        this.programs = programs;
    }

    // ---- finding out -----------------------------------------------------------------------------------------------

    /**
     * Whether a guard works on this host: loads it, lets it decide about frames that go nowhere, with a deadline that has passed and one that
     * has not, and asks for the programs of the loopback. Changes nothing that stays; 2 ms.
     *
     * @throws PlatformException saying what does not work, with the remedy
     */
    public static void tryOut() {
        NativeAccess.require();
        try {
            Libc.bpf(BpfCall.query(Direction.OUT, 1));
        } catch (PlatformException e) {
            throw explained(e, "asking for the programs of a card");
        }
        try (CardGuard trial = loaded(1, "lo", GuardMap::create, List.of(Direction.IN))) {
            trial.tryPrograms();
        } catch (PlatformException e) {
            throw explained(e, "guarding a card by BPF");
        }
    }

    private void tryPrograms() {
        // Only who may do this finds the guard of another process.
        GuardMap.found(Shape.UNTIL, until.id()).close();
        long stay = GuardMaps.stay(1, 1);
        byte[] key = GuardMaps.key(Ipv4Address.ANY);
        byte[] frame = arpOf(Ipv4Address.ANY);
        held.put(key, GuardMaps.held(key, stay), Rule.ABSENT);
        // One direction tells of the kernel, and each costs the verifier 2 ms.
        Fd program = program(Direction.IN);
        boolean works = verdict(program, frame) == GuardProgram.DROP
                && verdict(program, stay, Long.MAX_VALUE, frame) == GuardProgram.NEXT
                && verdict(program, stay, 0, frame) == GuardProgram.DROP;
        until.remove(GuardMaps.key(stay));
        if (!works) {
            throw new PlatformException(
                    "BPF_PROG_TEST_RUN", 0, "the guard of a card does not decide as it should on this kernel");
        }
        boolean isClockShared = verdict(program, stay, Libc.bootNanos() - TRIAL_PAST_NANOS, frame) == GuardProgram.DROP
                && verdict(program, stay, Libc.bootNanos() + TRIAL_FUTURE_NANOS, frame) == GuardProgram.NEXT;
        until.remove(GuardMaps.key(stay));
        if (!isClockShared) {
            throw new PlatformException(
                    "BPF_PROG_TEST_RUN",
                    0,
                    "the boot clock of this process is not that of the kernel: it runs in a time namespace"
                            + " (time_namespaces(7)); start it outside one");
        }
    }

    private int verdict(Fd program, long stay, long deadlineNanos, byte[] frame) {
        until.put(GuardMaps.key(stay), GuardMaps.until(stay, deadlineNanos), Rule.ANY);
        return verdict(program, frame);
    }

    private static int verdict(Fd program, byte[] frame) {
        BpfCall call = BpfCall.run(frame);
        Libc.bpf(call, program);
        return call.verdict();
    }

    /** As short as it may be: sender and target are the same, so it says the same in both directions. */
    private static byte[] arpOf(Ipv4Address address) {
        byte[] frame = new byte[60];
        frame[12] = 8;
        frame[13] = 6;
        System.arraycopy(address.toBytes(), 0, frame, 28, Ipv4Address.BYTES);
        System.arraycopy(address.toBytes(), 0, frame, 38, Ipv4Address.BYTES);
        return frame;
    }

    private static PlatformException explained(PlatformException e, String what) {
        String remedy;
        switch (e.errno()) {
            case Libc.EPERM:
            case Libc.EACCES:
                remedy =
                        ": run this process as root of the host, or give it CAP_NET_ADMIN, CAP_BPF and CAP_SYS_ADMIN; they are"
                                + " worth nothing in a user namespace";
                break;
            case Libc.EINVAL:
            case Libc.EOPNOTSUPP:
                remedy = ": it needs Linux 6.6 or later with CONFIG_BPF_SYSCALL and CONFIG_NET_XGRESS";
                break;
            case ENOSYS:
                remedy = ": this kernel was built without CONFIG_BPF_SYSCALL";
                break;
            default:
                remedy = "";
                break;
        }
        return remedy.isEmpty()
                ? e
                : new PlatformException(
                        e.call(), e.errno(), what + " was refused, " + Libc.errnoName(e.errno()) + remedy, e);
    }

    // ---- putting up ------------------------------------------------------------------------------------------------

    /**
     * The guard of a card, put up if there is none.
     *
     * @param card its name, for messages
     * @throws PlatformException if the kernel refuses, or something else has its name there
     */
    public static CardGuard of(int index, String card) {
        return CardLock.under(index, LOCK_MILLIS_MAX, () -> {
            CardGuard guard = found(index, card).orElseGet(() -> fresh(index, card));
            boolean isUp = false;
            try {
                guard.putUp();
                isUp = true;
                return guard;
            } finally {
                if (!isUp) {
                    guard.close();
                    takeOffEmpty(index);
                }
            }
        });
    }

    private static CardGuard fresh(int index, String card) {
        return loaded(index, card, GuardMap::create, List.of(Direction.values()));
    }

    private interface Maps {
        GuardMap of(Shape shape);
    }

    private static CardGuard loaded(int index, String card, Maps maps, List<Direction> directions) {
        GuardMap held = maps.of(Shape.HELD);
        GuardMap until;
        try {
            until = maps.of(Shape.UNTIL);
        } catch (PlatformException e) {
            held.close();
            throw e;
        }
        CardGuard guard = new CardGuard(index, card, held, until, new EnumMap<>(Direction.class));
        boolean isLoaded = false;
        try {
            for (Direction direction : directions) {
                guard.programs.put(direction, guard.load(direction));
            }
            isLoaded = true;
            return guard;
        } finally {
            if (!isLoaded) {
                guard.close();
            }
        }
    }

    private Fd load(Direction direction) {
        GuardProgram program = GuardProgram.of(direction);
        List<Fd> maps = new ArrayList<>();
        program.heldAt().forEach(at -> maps.add(held.fd()));
        program.untilAt().forEach(at -> maps.add(until.fd()));
        Fd[] descriptors = maps.toArray(new Fd[0]);
        try {
            return Libc.bpfDescriptor(BpfCall.load(program, direction), descriptors);
        } catch (PlatformException e) {
            if (e.errno() == Libc.EPERM) {
                throw e;
            }
            return loadWithLog(program, direction, descriptors);
        }
    }

    private static Fd loadWithLog(GuardProgram program, Direction direction, Fd[] descriptors) {
        BpfCall again = BpfCall.loadWithLog(program, direction);
        try {
            return Libc.bpfDescriptor(again, descriptors);
        } catch (PlatformException e) {
            throw new PlatformException(
                    e.call(),
                    e.errno(),
                    "the kernel refused " + direction.program() + ", " + Libc.errnoName(e.errno())
                            + "; the words of its verifier: " + again.log(),
                    e);
        }
    }

    private Fd program(Direction direction) {
        Fd program = programs.get(direction);
        if (program == null) {
            throw new IllegalStateException("not loaded: " + direction);
        }
        return program;
    }

    /**
     * What is attached to a card under our name.
     *
     * @param isFirst nothing stands before it
     */
    private record Attached(Direction direction, ProgramInfo info, boolean isFirst) {
        boolean isOf(GuardMap held, GuardMap until) {
            return info.maps().size() == 2
                    && info.maps().contains(held.id())
                    && info.maps().contains(until.id());
        }
    }

    private static List<Attached> attachedTo(int index) {
        List<Attached> found = new ArrayList<>();
        for (Direction direction : Direction.values()) {
            int[] ids = idsOf(direction, index);
            for (int i = 0; i < ids.length; i++) {
                boolean isFirst = i == 0;
                infoOf(ids[i])
                        .filter(program ->
                                program.isClassifier() && program.name().equals(direction.program()))
                        .ifPresent(program -> found.add(new Attached(direction, program, isFirst)));
            }
        }
        return found;
    }

    private static int[] idsOf(Direction direction, int index) {
        BpfCall query = BpfCall.query(direction, index);
        try {
            Libc.bpf(query);
            return query.ids();
        } catch (PlatformException e) {
            // No program was ever attached, or the card is gone.
            if (e.errno() == Libc.ENOENT || e.errno() == Libc.ENODEV) {
                return new int[0];
            }
            throw e;
        }
    }

    private static Optional<ProgramInfo> infoOf(int id) {
        try (Fd program = Libc.bpfDescriptor(BpfCall.programById(id))) {
            BpfCall info = BpfCall.programInfo();
            Libc.bpf(info, program);
            return Optional.of(info.program());
        } catch (PlatformException e) {
            if (e.errno() == Libc.ENOENT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** The guard that is there in one direction at least, with programs of our own for its maps. Under the lock of the card. */
    private static Optional<CardGuard> found(int index, String card) {
        for (Attached one : attachedTo(index)) {
            if (one.info().maps().size() != 2) {
                throw stranger(one, card);
            }
            return Optional.of(loaded(index, card, shape -> map(one, shape, card), List.of(Direction.values())));
        }
        return Optional.empty();
    }

    private static GuardMap map(Attached one, Shape shape, String card) {
        for (int id : one.info().maps()) {
            try {
                return GuardMap.found(shape, id);
            } catch (PlatformException e) {
                if (e.errno() != Libc.EINVAL) {
                    throw e;
                }
            }
        }
        throw stranger(one, card);
    }

    private static PlatformException stranger(Attached one, String card) {
        return new PlatformException(
                "BPF_PROG_QUERY",
                0,
                "program " + one.info().name() + " (number " + one.info().id() + ") on " + card
                        + " has the name of a guard of this library and is none of this version: end who attached it, or"
                        + " take it off, `bpftool net detach tcx_ingress dev " + card + "` and tcx_egress");
    }

    /** Sees to it that one of our programs is in front in each direction, and only one is there. Under the lock of the card. */
    private void putUp() {
        List<Attached> there = attachedTo(index);
        for (Direction direction : Direction.values()) {
            Fd own = program(direction);
            ProgramInfo info = infoOf(own);
            List<Attached> ours =
                    there.stream().filter(one -> one.direction() == direction).toList();
            for (Attached one : ours) {
                if (!one.isOf(held, until) || one.info().tag() != info.tag()) {
                    throw stranger(one, card);
                }
            }
            Optional<Attached> first = ours.stream().filter(Attached::isFirst).findFirst();
            if (first.isPresent()) {
                attached.put(direction, first.get().info().id());
                continue;
            }
            if (ours.stream().anyMatch(one -> one.info().id() == info.id())) {
                // What is attached cannot be attached again, so a twin of it goes to the front.
                own.close();
                own = load(direction);
                programs.put(direction, own);
            }
            Libc.bpf(BpfCall.attach(direction, index), own);
            attached.put(direction, infoOf(own).id());
            ours.forEach(one -> detach(index, one));
        }
    }

    private static ProgramInfo infoOf(Fd program) {
        BpfCall info = BpfCall.programInfo();
        Libc.bpf(info, program);
        return info.program();
    }

    private static void detach(int index, Attached one) {
        try (Fd program = Libc.bpfDescriptor(BpfCall.programById(one.info().id()))) {
            Libc.bpf(BpfCall.detach(one.direction(), index), program);
        } catch (PlatformException e) {
            if (e.errno() != Libc.ENOENT && e.errno() != Libc.ENODEV) {
                throw e;
            }
        }
    }

    /** The card as the kernel numbers it. */
    public int index() {
        return index;
    }

    /** Why the kernel does not ask this guard first about each frame of the card, in words; empty if it does. Two calls. */
    public String problem() {
        lock.lock();
        try {
            for (Direction direction : Direction.values()) {
                int[] ids = idsOf(direction, index);
                Integer known = attached.get(direction);
                if (ids.length > 0 && known != null && ids[0] == known) {
                    continue;
                }
                String why = lookAgain(direction);
                if (!why.isEmpty()) {
                    return why;
                }
            }
            return "";
        } finally {
            lock.unlock();
        }
    }

    /** Another process may have put a twin of the program to the front. */
    private String lookAgain(Direction direction) {
        List<Attached> ours = attachedTo(index).stream()
                .filter(one -> one.direction() == direction && one.isOf(held, until))
                .toList();
        for (Attached one : ours) {
            if (one.isFirst() && one.info().tag() == infoOf(program(direction)).tag()) {
                attached.put(direction, one.info().id());
                return "";
            }
        }
        return ours.isEmpty()
                ? "somebody removed its gate, the BPF program " + direction.program() + " on " + card
                : "somebody put another BPF program before its gate on " + card;
    }

    // ---- stays
    // -------------------------------------------------------------------------------------------------------

    /** The gate for one stay of some addresses on this card. */
    public DeadlineGate gate(AddressSet addresses) {
        return new Stay(addresses);
    }

    private final class Stay implements DeadlineGate {
        private final AddressSet addresses;
        private volatile long stay;

        private Stay(AddressSet addresses) {
            this.addresses = addresses;
        }

        @Override
        public void create(int tag) {
            stay = hold(addresses, tag);
        }

        @Override
        public boolean extend(long deadlineNanos) {
            return until.put(GuardMaps.key(stay), GuardMaps.until(stay, deadlineNanos), Rule.PRESENT);
        }

        @Override
        public String problem() {
            return CardGuard.this.problem();
        }

        @Override
        public void shut() {
            until.remove(GuardMaps.key(stay));
        }

        @Override
        public void remove() {
            shut();
            long mine = stay;
            CardLock.under(index, LOCK_MILLIS_MAX, () -> release(held, (key, one) -> one == mine));
        }

        @Override
        public void close() {
            // The guard is that of the card.
        }
    }

    /** Addresses that were held by a dead process change over to the new stay. */
    private long hold(AddressSet addresses, int tag) {
        return CardLock.under(index, LOCK_MILLIS_MAX, () -> {
            if (!problem().isEmpty()) {
                renew();
            }
            long stay = newStay(tag);
            boolean isHeld = false;
            try {
                hold(addresses, stay);
                removeEnded(held, until);
                isHeld = true;
                return stay;
            } finally {
                if (!isHeld) {
                    until.remove(GuardMaps.key(stay));
                    release(held, (key, one) -> one == stay);
                }
            }
        });
    }

    private void hold(AddressSet addresses, long stay) {
        List<byte[]> keys = keysOf(addresses);
        List<byte[]> values = new ArrayList<>();
        keys.forEach(key -> values.add(GuardMaps.held(key, stay)));
        if (addresses.hasV6()) {
            byte[] unreadable = GuardMaps.unreadable();
            keys.add(unreadable);
            values.add(GuardMaps.held(unreadable, 0));
        }
        held.putAll(keys, values);
    }

    private long newStay(int tag) {
        long stay = 0;
        boolean isNew = false;
        while (!isNew) {
            stay = GuardMaps.stay(tag, ThreadLocalRandom.current().nextInt());
            isNew = stay != 0 && until.put(GuardMaps.key(stay), GuardMaps.until(stay, 0), Rule.ABSENT);
        }
        return stay;
    }

    /** Another process may have put up a guard of its own after somebody had removed ours. Under the lock of the card. */
    private void renew() {
        lock.lock();
        try {
            Optional<CardGuard> other = found(index, card);
            if (other.isPresent()) {
                CardGuard taken = other.get();
                closeAll();
                held = taken.held;
                until = taken.until;
                programs = taken.programs;
                attached.clear();
            }
            putUp();
        } finally {
            lock.unlock();
        }
    }

    private static List<byte[]> keysOf(AddressSet addresses) {
        List<byte[]> keys = new ArrayList<>();
        for (IpAddress address : addresses.all()) {
            keys.add(GuardMaps.key(address));
        }
        return keys;
    }

    /** Which entries of {@code held} are meant. */
    private interface Which {
        boolean isMeant(byte[] key, long stay);
    }

    /** Removes entries, and what stands for unreadable frames with the last of IPv6. Under the lock of the card. */
    private static void release(GuardMap held, Which which) {
        List<byte[]> going = new ArrayList<>();
        boolean[] staysV6 = new boolean[1];
        held.forEach((key, value) -> {
            long stay = GuardMaps.first(value);
            if (stay == 0) {
                return;
            }
            if (which.isMeant(key, stay)) {
                going.add(key);
            } else {
                staysV6[0] |= !GuardMaps.isV4(key);
            }
        });
        held.removeAll(going);
        if (!staysV6[0]) {
            held.remove(GuardMaps.unreadable());
        }
    }

    /** Whether one of the addresses may speak now, by whomever. */
    public boolean isOpen(AddressSet addresses) {
        for (byte[] key : keysOf(addresses)) {
            byte[] value = held.get(key);
            byte[] end = value.length == 0 ? value : until.get(GuardMaps.key(GuardMaps.first(value)));
            if (end.length > 0 && GuardMaps.first(end) > Libc.bootNanos()) {
                return true;
            }
        }
        return false;
    }

    /** Removes what is left of addresses that nobody has any more. */
    public void forget(AddressSet addresses) {
        CardLock.under(index, LOCK_MILLIS_MAX, () -> {
            release(held, (key, stay) -> addresses.contains(GuardMaps.address(key)));
            removeEnded(held, until);
        });
    }

    /** Removes the stays that hold no address any more: others have them now. Under the lock of the card. */
    private static void removeEnded(GuardMap held, GuardMap until) {
        Set<Long> stays = new HashSet<>();
        until.forEach((key, value) -> stays.add(GuardMaps.stayOf(key)));
        if (!stays.isEmpty()) {
            held.forEach((key, value) -> stays.remove(GuardMaps.first(value)));
            stays.forEach(stay -> until.remove(GuardMaps.key(stay)));
        }
    }

    // ---- giving back
    // -------------------------------------------------------------------------------------------------

    /** Takes the guard off the card if it holds nothing. May be called again; {@link #gate} puts it up again. */
    public void retire() {
        tidyUp(index, LOCK_MILLIS_MAX);
    }

    /** Takes the guards off all cards on which nothing is held. Up to 25 ms a card. */
    static void tidyUp(Collection<Integer> cards) {
        for (int index : cards) {
            try {
                tidyUp(index, RITES_LOCK_MILLIS_MAX);
            } catch (PlatformException e) {
                LOG.info("a guard is left on interface number {}, it does nothing: {}", index, e.getMessage());
            }
        }
    }

    private static void tidyUp(int index, int millis) {
        if (attachedTo(index).isEmpty()) {
            return;
        }
        CardLock.under(index, millis, () -> takeOffEmpty(index));
    }

    /** Under the lock of the card. */
    private static void takeOffEmpty(int index) {
        Map<List<Integer>, Boolean> emptiness = new LinkedHashMap<>();
        for (Attached one : attachedTo(index)) {
            boolean isEmpty = emptiness.computeIfAbsent(one.info().maps(), maps -> areEmpty(one));
            if (isEmpty) {
                detach(index, one);
            }
        }
    }

    /** False for a program with our name whose maps are not like ours. */
    private static boolean areEmpty(Attached one) {
        GuardMap held = null;
        try {
            held = map(one, Shape.HELD, "");
            try (GuardMap until = map(one, Shape.UNTIL, "")) {
                return held.isEmpty() && until.isEmpty();
            }
        } catch (PlatformException e) {
            return false;
        } finally {
            if (held != null) {
                held.close();
            }
        }
    }

    /** The cards of this network namespace that may have a guard; none where this process could not see one. */
    static List<Integer> cards() {
        try {
            Libc.bpf(BpfCall.query(Direction.IN, 1));
        } catch (PlatformException e) {
            return List.of();
        }
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            return links.indexes();
        }
    }

    /**
     * Removes the stays of dead incarnations from the guards of the cards, except those of which an address still stands.
     *
     * @return the cards that have a guard
     */
    static List<Integer> removeTagged(Collection<Integer> cards, List<Integer> tags, Set<IpAddress> standing) {
        List<Integer> guarded = new ArrayList<>();
        for (int index : cards) {
            try {
                List<Attached> there = attachedTo(index);
                if (!there.isEmpty()) {
                    guarded.add(index);
                    CardLock.under(
                            index, RITES_LOCK_MILLIS_MAX, () -> removeTagged(index, there.get(0), tags, standing));
                }
            } catch (PlatformException e) {
                LOG.info(
                        "what a guard holds of ended processes is left on interface number {}: {}",
                        index,
                        e.getMessage());
            }
        }
        return guarded;
    }

    private static void removeTagged(int index, Attached one, List<Integer> tags, Set<IpAddress> standing) {
        try (GuardMap held = map(one, Shape.HELD, "interface number " + index);
                GuardMap until = map(one, Shape.UNTIL, "interface number " + index)) {
            Set<Long> kept = new HashSet<>();
            held.forEach((key, value) -> {
                if (standing.contains(GuardMaps.address(key))) {
                    kept.add(GuardMaps.first(value));
                }
            });
            release(held, (key, stay) -> tags.contains(GuardMaps.tag(stay)) && !kept.contains(stay));
            List<Long> ended = new ArrayList<>();
            until.forEach((key, value) -> {
                long stay = GuardMaps.stayOf(key);
                if (tags.contains(GuardMaps.tag(stay)) && !kept.contains(stay)) {
                    ended.add(stay);
                }
            });
            ended.forEach(stay -> until.remove(GuardMaps.key(stay)));
        }
    }

    /** Closes what this process has of the guard; the guard itself stays. */
    @Override
    public void close() {
        lock.lock();
        try {
            closeAll();
        } finally {
            lock.unlock();
        }
    }

    private void closeAll() {
        programs.values().forEach(Fd::close);
        held.close();
        until.close();
    }

    /** For messages. */
    @Override
    public String toString() {
        return "guard of " + card;
    }
}
