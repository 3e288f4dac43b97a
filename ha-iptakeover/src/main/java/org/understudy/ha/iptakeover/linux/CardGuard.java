package org.understudy.ha.iptakeover.linux;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.bpf.BpfCall;
import org.understudy.ha.iptakeover.bpf.BpfCall.ProgramInfo;
import org.understudy.ha.iptakeover.bpf.BpfCall.Rule;
import org.understudy.ha.iptakeover.bpf.GuardMaps;
import org.understudy.ha.iptakeover.bpf.GuardMaps.Shape;
import org.understudy.ha.iptakeover.bpf.GuardProgram;
import org.understudy.ha.iptakeover.bpf.GuardProgram.Direction;
import org.understudy.ha.iptakeover.bpf.StayProgram;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.NativeAccess;
import org.understudy.ha.iptakeover.jna.PreparedBpf;
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
 * anything in a user namespace. Linux 6.6 has the hook, Linux 6.9 the tables beyond the card that outlive their process.
 *
 * <p><b>Concurrency.</b> Any thread.
 */
public final class CardGuard implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CardGuard.class);

    /** Where nobody waits for it; putting up a guard keeps the lock for 25 ms. */
    private static final int LOCK_MILLIS_MAX = 1_000;
    /** For starts, what they may have to wait for, stops and last rites. */
    private static final int SHORT_LOCK_MILLIS_MAX = 250;
    /** For what comes again anyway. */
    private static final int AGAIN_LOCK_MILLIS_MAX = 5;

    private static final long TRIAL_FUTURE_NANOS = 10_000_000_000L;
    private static final long TRIAL_PAST_NANOS = 1_000_000;
    private static final int ENOSYS = 38;
    /** So many entries are asked for one by one; of more all are read at once. */
    private static final int SINGLE_LOOKS_MAX = 16;
    /** Believes nothing. */
    private static final Heads ALWAYS = (card, direction, look) -> look.get();

    private final ReentrantLock lock = new ReentrantLock();
    private final CardLock cardLock;
    private final int index;
    private final String card;
    private volatile GuardMap held;
    private volatile GuardMap until;
    /** Loaded by this process for both maps, ready to be attached. */
    private final Map<Direction, Fd> programs = new EnumMap<>(Direction.class);
    /** What the kernel makes of our instructions, whatever the maps. */
    private final Map<Direction, Long> digests = new EnumMap<>(Direction.class);
    /** Those at the head of the card, whoever loaded them. */
    private final Map<Direction, Integer> attached = new EnumMap<>(Direction.class);

    /** What is asked in each turn. */
    private final Map<Direction, PreparedBpf> queries = new EnumMap<>(Direction.class);

    /** Stays that have ended and whose entries are still there. */
    private final Set<Long> left = ConcurrentHashMap.newKeySet();

    private volatile boolean hasFailed;
    /** Why, unless somebody kept the card or changed what is on it. */
    private volatile @Nullable PlatformException failure;

    private CardGuard(int index, String card, GuardMap held, GuardMap until, CardLock cardLock) {
        this.index = index;
        this.card = card;
        this.held = held;
        this.until = until;
        this.cardLock = cardLock;
    }

    // ---- finding out -----------------------------------------------------------------------------------------------

    /**
     * Whether a guard works on this host, and the rules beyond the card that ask for the same deadline: loads the programs, lets them decide about
     * frames that go nowhere, with a deadline that has passed and one that has not, asks for the programs of the loopback, and makes the rules and takes them
     * away in one transaction. Changes nothing that stays; 3 ms.
     *
     * @param like which versions of addresses are to be held
     * @throws PlatformException saying what does not work, with the remedy
     */
    public static void tryOut(AddressSet like) {
        NativeAccess.require();
        try {
            Libc.bpf(BpfCall.query(Direction.OUT, 1));
        } catch (PlatformException e) {
            throw explained(e, "asking for the programs of a card");
        }
        try (CardGuard trial = fresh(1, "lo", List.of(Direction.IN))) {
            trial.tryPrograms(like);
        } catch (PlatformException e) {
            throw explained(e, "guarding a card by BPF");
        }
    }

    private void tryPrograms(AddressSet like) {
        // Only who may do this finds the guard of another process.
        GuardMap.found(Shape.UNTIL, until.id()).close();
        long stay = GuardMaps.stay(1, 1);
        byte[] key = GuardMaps.key(Ipv4Address.ANY);
        byte[] frame = arpOf(Ipv4Address.ANY);
        held.put(key, GuardMaps.held(key, stay), Rule.ABSENT);
        // What a start does many times a second from then on, so that it is loaded; nobody reads the entry.
        until.put(GuardMaps.key(stay), GuardMaps.until(stay, 0), Rule.ANY);
        until.replaced(GuardMaps.key(stay)).by(GuardMaps.until(stay, 0));
        until.remove(GuardMaps.key(stay));
        firstOf(Direction.IN);
        gate(like).close();
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
        try (Fd asked = load(until, stay)) {
            tryStay(asked, stay);
            NftGate.tryOutBeyondCard(like, asked);
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

    private void tryStay(Fd program, long stay) {
        byte[] any = arpOf(Ipv4Address.ANY);
        boolean works = verdict(program, any) == StayProgram.MUTE
                && verdict(program, stay, Long.MAX_VALUE, any) == StayProgram.SPEAKS
                && verdict(program, stay, 0, any) == StayProgram.MUTE;
        until.remove(GuardMaps.key(stay));
        if (!works) {
            throw new PlatformException(
                    "BPF_PROG_TEST_RUN", 0, "the program for rules does not decide as it should on this kernel");
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
        if (!e.call().startsWith("BPF_")) {
            // It says what is needed itself.
            return e;
        }
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
                remedy = ": it needs Linux 6.9 or later with CONFIG_BPF_SYSCALL and CONFIG_NET_XGRESS";
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
     * The guard of a card, put up if there is none. Some 10 ms, and 25 ms more for whoever is the first.
     *
     * @param card its name, for messages
     * @throws PlatformException if the kernel refuses, something else has its name there, or somebody keeps the card for more than a quarter
     *     of a second: a start may be waiting
     */
    public static CardGuard of(int index, String card) {
        // The verifier takes its time, and others need not wait for it.
        CardGuard guard = fresh(index, card, List.of(Direction.values()));
        boolean isUp = false;
        try {
            guard.cardLock.under(SHORT_LOCK_MILLIS_MAX, guard::standUp);
            isUp = true;
            return guard;
        } finally {
            if (!isUp) {
                guard.close();
            }
        }
    }

    /** Under the lock of the card. */
    private void standUp() {
        try {
            adopt();
            putUp();
        } catch (PlatformException e) {
            throw after(e, () -> takeOffEmpty(index));
        }
    }

    /** What is done in spite of an error, which is the one to tell. */
    static PlatformException after(PlatformException first, Runnable rest) {
        try {
            rest.run();
        } catch (PlatformException e) {
            first.addSuppressed(e);
        }
        return first;
    }

    private static CardGuard fresh(int index, String card, List<Direction> directions) {
        List<AutoCloseable> opened = new ArrayList<>();
        try {
            CardLock cardLock = new CardLock(index);
            opened.add(cardLock);
            GuardMap held = GuardMap.create(Shape.HELD);
            opened.add(held);
            GuardMap until = GuardMap.create(Shape.UNTIL);
            opened.add(until);
            CardGuard guard = new CardGuard(index, card, held, until, cardLock);
            opened.add(guard);
            directions.forEach(guard::program);
            opened.clear();
            return guard;
        } finally {
            closeAll(opened);
        }
    }

    private static void closeAll(List<AutoCloseable> opened) {
        for (AutoCloseable one : opened) {
            try {
                one.close();
            } catch (Exception e) {
                throw new IllegalStateException("descriptors close without exceptions", e);
            }
        }
    }

    private Fd load(Direction direction) {
        GuardProgram program = GuardProgram.of(direction);
        List<Fd> maps = new ArrayList<>();
        program.heldAt().forEach(at -> maps.add(held.fd()));
        program.untilAt().forEach(at -> maps.add(until.fd()));
        Fd[] descriptors = maps.toArray(new Fd[0]);
        Fd loaded = loadWithReason(
                BpfCall.load(program, direction), () -> BpfCall.loadWithLog(program, direction), descriptors);
        digests.put(direction, infoOf(loaded).tag());
        return loaded;
    }

    /** What says whether a stay is mute. */
    private static Fd load(GuardMap until, long stay) {
        StayProgram program = StayProgram.of(stay);
        return loadWithReason(BpfCall.load(program), () -> BpfCall.loadWithLog(program), until.fd());
    }

    private static Fd loadWithReason(BpfCall load, Supplier<BpfCall> withLog, Fd... maps) {
        try {
            return Libc.bpfDescriptor(load, maps);
        } catch (PlatformException e) {
            if (e.errno() == Libc.EPERM) {
                throw e;
            }
            return loadWithLog(withLog.get(), e, maps);
        }
    }

    private static Fd loadWithLog(BpfCall again, PlatformException first, Fd... maps) {
        try {
            return Libc.bpfDescriptor(again, maps);
        } catch (PlatformException e) {
            throw refusal(first, e, again.log());
        }
    }

    /**
     * What is told of a program that was refused twice, the second time with room for the words of the verifier.
     *
     * @param second may be about the room itself
     */
    static PlatformException refusal(PlatformException first, PlatformException second, String words) {
        PlatformException told = new PlatformException(
                first.call(),
                first.errno(),
                "the kernel refused a program of this library, " + Libc.errnoName(first.errno())
                        + (words.isEmpty() ? "" : "; the words of its verifier: " + words)
                        + (second.errno() == first.errno()
                                ? ""
                                : "; asked for its words, it said " + Libc.errnoName(second.errno())),
                first);
        told.addSuppressed(second);
        return told;
    }

    /** Loaded if it is not. */
    private Fd program(Direction direction) {
        return programs.computeIfAbsent(direction, this::load);
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

    /** Takes the maps of the guard that is there in one direction at least, if it is not ours. Under the lock of the card. */
    private void adopt() {
        lock.lock();
        try {
            Optional<Attached> there = attachedTo(index).stream().findFirst();
            if (there.isEmpty() || there.get().isOf(held, until)) {
                return;
            }
            if (there.get().info().maps().size() != 2) {
                throw stranger(there.get(), card);
            }
            GuardMap theirs = map(there.get(), Shape.HELD, card);
            GuardMap ends;
            try {
                ends = map(there.get(), Shape.UNTIL, card);
            } catch (PlatformException e) {
                theirs.close();
                throw e;
            }
            closeMaps();
            held = theirs;
            until = ends;
            attached.clear();
        } finally {
            lock.unlock();
        }
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
        lock.lock();
        try {
            List<Attached> there = attachedTo(index);
            for (Direction direction : Direction.values()) {
                putUp(
                        direction,
                        there.stream()
                                .filter(one -> one.direction() == direction)
                                .toList());
            }
        } finally {
            lock.unlock();
        }
    }

    private void putUp(Direction direction, List<Attached> ours) {
        for (Attached one : ours) {
            if (!isOurs(one)) {
                throw stranger(one, card);
            }
        }
        Optional<Attached> first = ours.stream().filter(Attached::isFirst).findFirst();
        if (first.isPresent()) {
            attached.put(direction, first.get().info().id());
            return;
        }
        int own = infoOf(program(direction)).id();
        if (ours.stream().anyMatch(one -> one.info().id() == own)) {
            // What is attached cannot be attached again, so a twin of it goes to the front.
            Fd twin = load(direction);
            program(direction).close();
            programs.put(direction, twin);
        }
        Libc.bpf(BpfCall.attach(direction, index), program(direction));
        attached.put(direction, infoOf(program(direction)).id());
        ours.forEach(one -> detach(index, one));
    }

    private boolean isOurs(Attached one) {
        Long digest = digests.get(one.direction());
        return one.isOf(held, until) && digest != null && digest == one.info().tag();
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

    /** Keeps for a moment which program is in front: the stays of a card all want to know. */
    public interface Heads {
        int first(int index, Direction direction, Supplier<Integer> look);
    }

    /** Why the kernel does not ask this guard first about each frame of the card, in words; empty if it does. Two calls. */
    public String problem() {
        return problem(ALWAYS);
    }

    private String problem(Heads heads) {
        lock.lock();
        try {
            for (Direction direction : Direction.values()) {
                Integer known = attached.get(direction);
                if (known != null && known == heads.first(index, direction, () -> firstOf(direction))) {
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

    /** The program in front; 0 if there is none. */
    private int firstOf(Direction direction) {
        try {
            PreparedBpf.Numbers found = queries.computeIfAbsent(
                            direction, one -> new PreparedBpf(BpfCall.query(one, index)))
                    .run(BpfCall.QUERY_COUNT_AT, BpfCall.PROGRAMS_MAX);
            return found.attribute() > 0 ? found.first() : 0;
        } catch (PlatformException e) {
            if (e.errno() == Libc.ENOENT || e.errno() == Libc.ENODEV) {
                return 0;
            }
            throw e;
        }
    }

    /** Another process may have put a twin of the program to the front. */
    private String lookAgain(Direction direction) {
        List<Attached> ours = attachedTo(index).stream()
                .filter(one -> one.direction() == direction && one.isOf(held, until))
                .toList();
        for (Attached one : ours) {
            if (one.isFirst() && isOurs(one)) {
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

    /**
     * The gate for one stay of some addresses on this card and beyond it.
     *
     * @throws PlatformException if no netlink socket can be opened
     */
    public DeadlineGate gate(AddressSet addresses) {
        return gate(addresses, ALWAYS);
    }

    /** The same; these are asked by {@link DeadlineGate#problem()}, and never by {@link DeadlineGate#create}, which looks itself. */
    public DeadlineGate gate(AddressSet addresses, Heads heads) {
        return new Stay(addresses, heads, NftGate.beyondCard(addresses, card, index));
    }

    /**
     * A gate for the next stay of the same addresses, with the socket of one that has been removed: to close that, the kernel waits for all processors, and nobody changes
     * tables meanwhile. Whatever is still asked of the ended one concerns its own stay, which is no more; closing it is left to this.
     *
     * @return empty if something of it may be in the kernel, or it is of another guard
     */
    public Optional<DeadlineGate> again(DeadlineGate ended, Heads heads) {
        return ended instanceof Stay stay && stay.isOf(this) && stay.giveOn()
                ? Optional.of(new Stay(stay.addresses, heads, stay.beyond))
                : Optional.empty();
    }

    /** Whether a stay could not be held: a new look, {@link #of}, may say why. */
    public boolean hasFailed() {
        return hasFailed;
    }

    /** Why a stay could not be held though the guard is in place, so that the next one would fail too. */
    public Optional<PlatformException> failure() {
        return Optional.ofNullable(failure);
    }

    private final class Stay implements DeadlineGate {
        private final AddressSet addresses;
        private final NftGate beyond;
        private volatile long stay;
        /** That of the guard at the start. */
        private volatile GuardMap ends = until;

        private volatile GuardMap.@Nullable Replaced deadline;

        private final Heads heads;
        /** Nothing of it is in the kernel: not yet, or not any more. */
        private volatile boolean isAbsent = true;
        /** The socket is another stay's now. */
        private volatile boolean isGivenOn;

        private Stay(AddressSet addresses, Heads heads, NftGate beyond) {
            this.heads = heads;
            this.addresses = addresses;
            this.beyond = beyond;
        }

        private boolean isOf(CardGuard guard) {
            return guard == CardGuard.this;
        }

        /** False if it cannot be. */
        private boolean giveOn() {
            isGivenOn = isAbsent;
            return isGivenOn;
        }

        /**
         * What a dead process left stands behind its own gate until it stands behind this one, whichever kind either is of: the rules replace those
         * of its tables, and stand before the card as well until the guard has the addresses.
         */
        @Override
        public void create(int tag) throws ResourceException {
            isAbsent = false;
            try {
                // Not what was seen a moment ago: what stands in front decides whether anything mutes them.
                if (!CardGuard.this.problem().isEmpty()) {
                    cardLock.under(SHORT_LOCK_MILLIS_MAX, CardGuard.this::standUp);
                }
                ends = until;
                stay = newStay(ends, tag);
                deadline = ends.replaced(GuardMaps.key(stay));
            } catch (PlatformException e) {
                throw failed(e);
            }
            try (Fd mute = load(ends, stay)) {
                // Refused if a living process has one of the addresses; nothing is changed then.
                beyond.create(tag, mute);
            } catch (PlatformException e) {
                if (e.errno() == Libc.EPERM) {
                    throw after(e, this::shut);
                }
                throw failed(e);
            }
            try {
                cardLock.under(SHORT_LOCK_MILLIS_MAX, this::hold);
                beyond.leaveCard();
            } catch (PlatformException e) {
                // The rules stay, and what is held, shut: leftovers may stand behind them.
                throw failed(e);
            }
        }

        private ResourceException failed(PlatformException e) {
            if (e.errno() != Libc.EBUSY) {
                failure = e;
            }
            hasFailed = true;
            after(e, this::shut);
            return new ResourceException(
                    Severity.SOFT, addresses + " cannot be put behind the guard of " + card + ": " + e.getMessage(), e);
        }

        /** Addresses that were held by a dead process change over to this stay. Under the lock of the card. */
        private void hold() {
            // Somebody who tidied up may have taken it for one that has ended.
            ends.put(GuardMaps.key(stay), GuardMaps.until(stay, 0), Rule.ANY);
            CardGuard.this.hold(addresses, stay);
            removeEnded(held, ends);
            // It held nothing until now, so whoever tidied up may have taken it off the card since the first look.
            String why = CardGuard.this.problem();
            if (!why.isEmpty()) {
                throw new PlatformException("BPF_PROG_QUERY", Libc.EBUSY, why);
            }
        }

        @Override
        public boolean extend(long deadlineNanos) {
            GuardMap.Replaced moved = deadline;
            return moved != null && moved.by(GuardMaps.until(stay, deadlineNanos));
        }

        @Override
        public String problem() {
            return CardGuard.this.problem(heads);
        }

        @Override
        public boolean isWhole() {
            if (ends.get(GuardMaps.key(stay)).length == 0) {
                return false;
            }
            List<byte[]> keys = keysOf(addresses);
            if (keys.size() <= SINGLE_LOOKS_MAX) {
                return keys.stream().map(held::get).allMatch(this::isMine);
            }
            // A call for each of thousands would be most of the start.
            Set<ByteBuffer> mine = new HashSet<>();
            held.forEach((key, value) -> {
                if (isMine(value)) {
                    mine.add(ByteBuffer.wrap(key));
                }
            });
            return keys.stream().map(ByteBuffer::wrap).allMatch(mine::contains);
        }

        private boolean isMine(byte[] value) {
            return value.length > 0 && GuardMaps.first(value) == stay;
        }

        @Override
        public void shut() {
            ends.remove(GuardMaps.key(stay));
        }

        @Override
        public void remove() {
            long mine = stay;
            try {
                shut();
                cardLock.under(SHORT_LOCK_MILLIS_MAX, () -> release(held, (key, one) -> one == mine));
            } catch (PlatformException e) {
                left.add(mine);
                throw after(
                        new PlatformException(
                                e.call(),
                                e.errno(),
                                "the entries of " + addresses + " in the guard of " + card
                                        + " are left, mute, and tried again every second: " + e.getMessage(),
                                e),
                        beyond::remove);
            } catch (LifecycleException e) {
                // The maps were closed before it; the tables are its own.
                beyond.remove();
                throw e;
            }
            beyond.remove();
            isAbsent = true;
        }

        @Override
        public void close() {
            // The guard is that of the card.
            if (!isGivenOn) {
                beyond.close();
            }
        }
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

    private static long newStay(GuardMap until, int tag) {
        long stay = 0;
        boolean isNew = false;
        while (!isNew) {
            stay = GuardMaps.stay(tag, ThreadLocalRandom.current().nextInt());
            isNew = stay != 0 && until.put(GuardMaps.key(stay), GuardMaps.until(stay, 0), Rule.ABSENT);
        }
        return stay;
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

    /**
     * Removes what dead processes hold of addresses that this one has behind a gate of another kind, made already and shut.
     *
     * @throws PlatformException if it may not, so that they would stay mute
     */
    public static void release(int index, String card, AddressSet addresses) {
        List<Attached> there;
        try {
            if (idsOf(Direction.IN, index).length + idsOf(Direction.OUT, index).length == 0) {
                return;
            }
            there = attachedTo(index);
        } catch (PlatformException e) {
            LOG.info(
                    "{}: this process may not look at the BPF programs of {} ({}); a guard of an ended process of this library keeps them"
                            + " mute, if there is one that its guardian did not clear",
                    addresses,
                    card,
                    Libc.errnoName(e.errno()));
            return;
        }
        for (Attached one : there) {
            try (GuardMap held = map(one, Shape.HELD, card);
                    GuardMap until = map(one, Shape.UNTIL, card);
                    CardLock cardLock = new CardLock(index)) {
                if (keysOf(addresses).stream().anyMatch(key -> held.get(key).length > 0)) {
                    cardLock.under(SHORT_LOCK_MILLIS_MAX, () -> {
                        release(held, (key, stay) -> addresses.contains(GuardMaps.address(key)));
                        removeEnded(held, until);
                    });
                }
            }
        }
    }

    /** Removes what is left of addresses that nobody has any more. */
    public void forget(AddressSet addresses) {
        cardLock.under(SHORT_LOCK_MILLIS_MAX, () -> {
            release(held, (key, stay) -> addresses.contains(GuardMaps.address(key)));
            removeEnded(held, until);
        });
    }

    /** Whether a stay has ended here whose entries could not be removed then. */
    public boolean hasLeft() {
        return !left.isEmpty();
    }

    /**
     * Removes those, if nobody keeps the card now.
     *
     * @throws PlatformException if that fails again
     */
    public void removeLeft() {
        removeLeft(AGAIN_LOCK_MILLIS_MAX);
    }

    private void removeLeft(int millis) {
        Set<Long> ended = Set.copyOf(left);
        if (!ended.isEmpty()) {
            cardLock.under(millis, () -> release(held, (key, one) -> ended.contains(one)));
            left.removeAll(ended);
        }
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
        removeLeft(LOCK_MILLIS_MAX);
        takeOffEmpty(index, cardLock, LOCK_MILLIS_MAX);
    }

    /** Takes the guards off all cards on which nothing is held. Up to 25 ms a card. */
    static void tidyUp(Collection<Integer> cards) {
        for (int index : cards) {
            try (CardLock cardLock = new CardLock(index)) {
                takeOffEmpty(index, cardLock, SHORT_LOCK_MILLIS_MAX);
            } catch (PlatformException e) {
                LOG.info("a guard is left on interface number {}, it does nothing: {}", index, e.getMessage());
            }
        }
    }

    private static void takeOffEmpty(int index, CardLock cardLock, int millis) {
        if (!attachedTo(index).isEmpty()) {
            cardLock.under(millis, () -> takeOffEmpty(index));
        }
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
     * @param guarded receives the cards that have a guard
     * @return false if a card was left out: somebody kept it, or the kernel refused
     */
    static boolean removeTagged(
            Collection<Integer> cards, List<Integer> tags, Set<IpAddress> standing, Set<Integer> guarded) {
        boolean isComplete = true;
        for (int index : cards) {
            try {
                List<Attached> there = attachedTo(index);
                if (!there.isEmpty()) {
                    guarded.add(index);
                    try (CardLock cardLock = new CardLock(index)) {
                        cardLock.under(SHORT_LOCK_MILLIS_MAX, () -> removeTagged(index, there.get(0), tags, standing));
                    }
                }
            } catch (PlatformException e) {
                isComplete = false;
                LOG.info(
                        "what a guard holds of ended processes is left on interface number {}: {}",
                        index,
                        e.getMessage());
            }
        }
        return isComplete;
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
            closeMaps();
        } finally {
            lock.unlock();
            cardLock.close();
        }
    }

    /** And the programs, which are for them. */
    private void closeMaps() {
        programs.values().forEach(Fd::close);
        programs.clear();
        held.close();
        until.close();
    }

    /** For messages. */
    @Override
    public String toString() {
        return "guard of " + card;
    }
}
