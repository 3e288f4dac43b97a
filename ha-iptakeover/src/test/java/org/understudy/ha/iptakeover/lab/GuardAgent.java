package org.understudy.ha.iptakeover.lab;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.iptakeover.bpf.BpfCall;
import org.understudy.ha.iptakeover.bpf.ForeignProgram;
import org.understudy.ha.iptakeover.bpf.Frames;
import org.understudy.ha.iptakeover.bpf.GuardMaps;
import org.understudy.ha.iptakeover.bpf.GuardMaps.Shape;
import org.understudy.ha.iptakeover.bpf.GuardModel;
import org.understudy.ha.iptakeover.bpf.GuardProgram;
import org.understudy.ha.iptakeover.bpf.GuardProgram.Direction;
import org.understudy.ha.iptakeover.bpf.SimulatedMaps;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.DeadlineMachine;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.linux.CardGuard;
import org.understudy.ha.iptakeover.linux.KeptCard;
import org.understudy.ha.iptakeover.linux.LinuxAddressTable;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.Tables;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.DeadlineGate;

/**
 * The steps of a keeper one by one, so that a test can stop the process between any two; and what somebody else does to the programs of
 * {@code lan0}. Driven by lines on standard input, one answer line each.
 */
public final class GuardAgent {
    private static final long LENGTH_NANOS = 960_000_000;
    private static final int TAG = 4711;

    private final int index;
    private final List<Fd> kept = new ArrayList<>();
    private @Nullable CardGuard guard;
    private @Nullable DeadlineGate gate;
    private @Nullable KeptCard keptCard;
    private DeadlineMachine machine = new DeadlineMachine(LENGTH_NANOS);
    private DeadlineMachine.@Nullable Decision decision;
    private long confirmed;

    private GuardAgent() {
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            index = links.byName("lan0").orElseThrow().index();
        }
    }

    public static void main(String[] args) throws IOException {
        GuardAgent agent = new GuardAgent();
        Agent.serve(agent::answer);
    }

    private String answer(String[] words) {
        try {
            return act(words);
        } catch (HaException e) {
            return "failed " + e.getMessage();
        }
    }

    private String act(String[] words) {
        switch (words[0]) {
            case "hold":
                return hold(Arrays.asList(words[1].split(",")));
            case "look":
                return look(Arrays.asList(words[1].split(",")));
            case "create":
                return create();
            case "confirm":
                confirmed = Libc.bootNanos();
                return "ok";
            case "decide":
                decision = machine.decide(confirmed, true, Libc.bootNanos());
                return decision.action().name();
            case "write":
                return write() ? "accepted" : "refused";
            case "shut":
                gate().shut();
                return "ok";
            case "problem":
                return gate().problem();
            case "forget":
                try (CardGuard there = CardGuard.of(index, "lan0")) {
                    there.forget(
                            new AddressSet(List.of(IpAddress.parse(words[1]).orElseThrow())));
                }
                return "ok";
            case "whole":
                return Boolean.toString(gate().isWhole());
            case "release":
                gate().remove();
                return "ok";
            case "retire":
                guard().retire();
                return "ok";
            case "programs":
                return programs();
            case "tables":
                return Tables.names().toString();
            case "detach":
                detach(Direction.valueOf(words[1]));
                return "ok";
            case "overtake":
                overtake(Direction.valueOf(words[1]));
                return "ok";
            case "pretend":
                pretend(Direction.valueOf(words[1]));
                return "ok";
            case "held":
                return count(Shape.HELD) + " of " + count(Shape.UNTIL);
            case "fill":
                fillUp();
                return "ok";
            case "keep-card":
                return keepCard();
            case "give-card-back":
                return giveCardBack();
            case "send":
                return send(words[1], words[2]);
            case "frames":
                return frames(Integer.parseInt(words[1]));
            default:
                return "unknown command " + String.join(" ", words);
        }
    }

    /** Puts the addresses up behind a gate that is shut. */
    private String hold(List<String> texts) {
        AddressSet addresses = new AddressSet(
                texts.stream().map(text -> IpAddress.parse(text).orElseThrow()).toList());
        guard = CardGuard.of(index, "lan0");
        gate = guard().gate(addresses);
        try {
            gate().create(TAG);
        } catch (ResourceException e) {
            return "refused " + e.getMessage();
        }
        machine = new DeadlineMachine(LENGTH_NANOS);
        try (LinuxAddressTable table = new LinuxAddressTable()) {
            table.addAll(index, addresses.all(), TAG, 600);
        }
        return "ok";
    }

    /** As somebody who believes for ever what was once seen in front of the card. */
    private String look(List<String> texts) {
        AddressSet addresses = new AddressSet(
                texts.stream().map(text -> IpAddress.parse(text).orElseThrow()).toList());
        guard = CardGuard.of(index, "lan0");
        Map<Direction, Integer> seen = new EnumMap<>(Direction.class);
        gate = guard().gate(addresses, (card, direction, look) -> seen.computeIfAbsent(direction, one -> look.get()));
        return gate().problem();
    }

    private String create() {
        try {
            gate().create(TAG);
            return "ok";
        } catch (ResourceException e) {
            return "refused " + e.getMessage();
        }
    }

    private boolean write() {
        DeadlineMachine.Decision last = decision;
        if (last == null || last.action() != DeadlineMachine.Action.WRITE) {
            throw new IllegalStateException("nothing was decided");
        }
        boolean accepted = gate().extend(last.deadlineNanos());
        machine.done(last, accepted, Libc.bootNanos());
        return accepted;
    }

    private CardGuard guard() {
        CardGuard present = guard;
        if (present == null) {
            throw new IllegalStateException("hold first");
        }
        return present;
    }

    private DeadlineGate gate() {
        DeadlineGate present = gate;
        if (present == null) {
            throw new IllegalStateException("hold first");
        }
        return present;
    }

    private String keepCard() {
        try {
            keptCard = new KeptCard(index);
            return "ok";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted";
        }
    }

    private String giveCardBack() {
        KeptCard present = keptCard;
        if (present == null) {
            return "nothing";
        }
        present.close();
        keptCard = null;
        return "ok";
    }

    /** A datagram from one address to another; the kernel may refuse it. */
    private static String send(String from, String to) {
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(from, 0))) {
            socket.send(new DatagramPacket(new byte[8], 8, new InetSocketAddress(to, 9)));
            return "ok";
        } catch (IOException e) {
            return "refused " + e.getMessage();
        }
    }

    // ---- what is attached -------------------------------------------------------------------------------------------

    private int[] ids(Direction direction) {
        BpfCall query = BpfCall.query(direction, index);
        Libc.bpf(query);
        return query.ids();
    }

    private static BpfCall.ProgramInfo info(int id) {
        try (Fd program = Libc.bpfDescriptor(BpfCall.programById(id))) {
            BpfCall info = BpfCall.programInfo();
            Libc.bpf(info, program);
            return info.program();
        }
    }

    private String programs() {
        List<String> names = new ArrayList<>();
        for (Direction direction : Direction.values()) {
            for (int id : ids(direction)) {
                names.add(info(id).name() + "#" + id);
            }
        }
        return names.toString();
    }

    /** As {@code bpftool net detach} does with the first. */
    private void detach(Direction direction) {
        try (Fd program = Libc.bpfDescriptor(BpfCall.programById(ids(direction)[0]))) {
            Libc.bpf(BpfCall.detach(direction, index), program);
        }
    }

    private void overtake(Direction direction) {
        Fd program = Libc.bpfDescriptor(ForeignProgram.load());
        kept.add(program);
        Libc.bpf(BpfCall.attach(direction, index), program);
    }

    /** A guard of its own beside the one that is there. */
    private void pretend(Direction direction) {
        try (Fd held = Libc.bpfDescriptor(BpfCall.createMap(Shape.HELD));
                Fd until = Libc.bpfDescriptor(BpfCall.createMap(Shape.UNTIL))) {
            Fd program = Libc.bpfDescriptor(BpfCall.load(GuardProgram.of(direction), direction), held, until);
            kept.add(program);
            Libc.bpf(BpfCall.attach(direction, index), program);
        }
    }

    /** Leaves no room for another stay. */
    private void fillUp() {
        for (int id : info(ids(Direction.IN)[0]).maps()) {
            try (Fd map = Libc.bpfDescriptor(BpfCall.mapById(id))) {
                BpfCall info = BpfCall.mapInfo();
                Libc.bpf(info, map);
                for (int i = 0; info.isOf(Shape.UNTIL) && i < Shape.UNTIL.entriesMax(); i++) {
                    long stay = GuardMaps.stay(1, 1 + i);
                    Libc.bpf(BpfCall.update(GuardMaps.key(stay), GuardMaps.until(stay, 0), BpfCall.Rule.ANY), map);
                }
            }
        }
    }

    private int count(Shape shape) {
        int count = 0;
        for (int id : info(ids(Direction.IN)[0]).maps()) {
            try (Fd map = Libc.bpfDescriptor(BpfCall.mapById(id))) {
                BpfCall info = BpfCall.mapInfo();
                Libc.bpf(info, map);
                if (info.isOf(shape)) {
                    BpfCall all = BpfCall.lookUpBatch(shape, shape.entriesMax(), new byte[0]);
                    try {
                        Libc.bpf(all, map);
                    } catch (HaException e) {
                        // ENOENT says that this was all.
                    }
                    count = all.count();
                }
            }
        }
        return count;
    }

    // ---- the program in the kernel ----------------------------------------------------------------------------------

    /** Lets the kernel decide about frames that go nowhere. */
    private static String frames(int count) {
        int dropped = 0;
        for (int round = 0; round < 20; round++) {
            long now = Libc.bootNanos();
            SimulatedMaps maps = Frames.maps(round, now);
            try (Fd held = Libc.bpfDescriptor(BpfCall.createMap(Shape.HELD));
                    Fd until = Libc.bpfDescriptor(BpfCall.createMap(Shape.UNTIL))) {
                fill(maps, held, until);
                for (Direction direction : Direction.values()) {
                    try (Fd program =
                            Libc.bpfDescriptor(BpfCall.load(GuardProgram.of(direction), direction), held, until)) {
                        dropped += compare(direction, program, maps, now, round * count, count);
                    }
                }
            }
        }
        return "as the model, " + (dropped > 20 * count / 5 ? "many" : "few: " + dropped) + " dropped";
    }

    private static void fill(SimulatedMaps maps, Fd held, Fd until) {
        for (Map.Entry<byte[], byte[]> one : maps.heldEntries().entrySet()) {
            Libc.bpf(BpfCall.update(one.getKey(), one.getValue(), BpfCall.Rule.ANY), held);
        }
        for (Map.Entry<Long, Long> one : maps.deadlines()) {
            Libc.bpf(
                    BpfCall.update(
                            GuardMaps.key(one.getKey()),
                            GuardMaps.until(one.getKey(), one.getValue()),
                            BpfCall.Rule.ANY),
                    until);
        }
    }

    private static int compare(
            Direction direction, Fd program, SimulatedMaps maps, long now, long firstSeed, int count) {
        int dropped = 0;
        for (int i = 0; i < count; i++) {
            byte[] frame = Frames.frame(firstSeed + i);
            BpfCall run = BpfCall.run(frame);
            try {
                Libc.bpf(run, program);
            } catch (PlatformException e) {
                // A trial of the kernel wants the header that the type speaks of.
                if (e.errno() == Libc.EINVAL && frame.length < 14 + 40) {
                    continue;
                }
                throw e;
            }
            int expected = GuardModel.verdict(direction, frame, maps, now);
            if (run.verdict() != expected) {
                throw new AssertionError(direction + " said " + run.verdict() + ", not " + expected + ": "
                        + HexFormat.of().formatHex(frame));
            }
            dropped += expected == GuardProgram.DROP ? 1 : 0;
        }
        return dropped;
    }
}
