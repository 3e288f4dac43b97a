package org.understudy.ha.membership.guardian;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ref.Reference;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.api.spi.HostPort;
import org.understudy.ha.api.spi.HostPort.ProcessWatch;
import org.understudy.ha.api.spi.HostPort.Removal;
import org.understudy.ha.membership.codec.LastWill;

/**
 * The guardian's process. Started by {@link Guardian} and by nobody else.
 *
 * <p>Life: watch the node, then make sure that it is still the parent (in this order: a number that was reused in between
 * would fail the check) → wait for the guardian of the node's last life → draw a key, open the sockets, rehearse → say READY →
 * keep what the node announces → at the node's end remove, sign, send, end. The node's word CLOSE ends it without a will. The
 * end of the pipe alone means nothing, a stopped node is not dead, and nothing here depends on a timer of the node.
 *
 * <p>The node's end is that each of its threads is past its last instruction; what wakes the guardian to look is the node's mark, see
 * {@link HostPort.LifeMark}. Where there is none it is that the process is gone.
 *
 * <p>With the host's consent the node also has it armed: then it kills the node at an absolute deadline that only confirmed renewals move,
 * and the will follows.
 *
 * <p>Up to five threads: the main one acts at the node's end, two wait for it, one reads the pipe, and {@link NodeKiller} waits for the
 * deadline.
 */
public final class GuardianMain {
    private static final long[] SEND_AT_MILLIS = {0, 2, 10, 30, 100, 300, 1000};
    private static final long PREDECESSOR_NANOS_MAX = TimeUnit.SECONDS.toNanos(3);
    private static final long PREDECESSOR_POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long DRAIN_MILLIS_MAX = 2000;
    private static final long DRAIN_STEP_MILLIS = 20;
    private static final int QUIET_LOOKS = 3;
    private static final int SIGNALLED_SECONDS_MAX = 90;
    /** Looks at a node whose mark is broken: each costs a millisecond for a hundred threads. */
    private static final long ENDING_LOOK_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

    private static final long ENDING_LOOK_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(10);
    /** A thread that hangs in the kernel keeps a process from ending; then only its whole end counts. */
    private static final long ENDING_NANOS_MAX = TimeUnit.SECONDS.toNanos(20);
    /** How long what the node left in the kernel is waited for, once its will is sent. */
    private static final int WHOLE_END_MILLIS_MAX = 60_000;

    private static final String DETAIL_NO_HOST_PORT = "no host port";

    private static final FileInputStream PIPE = new FileInputStream(FileDescriptor.in);

    private final long parent;
    private final NodeId node;
    private final String cluster;
    private final Path lockFile;
    private final Optional<Path> markFile;
    private final DataInputStream in = new DataInputStream(new BufferedInputStream(new Counted(), GuardianWire.WINDOW));
    private final OutputStream out = new FileOutputStream(FileDescriptor.out);
    private final Announced announced = new Announced();
    private volatile @Nullable NodeKiller killer;
    /** Bytes taken from the pipe, and those of them that were dealt with; each written by whoever reads only. */
    private volatile long taken;

    private volatile long handled;

    private GuardianMain(String[] arguments) {
        parent = Long.parseLong(arguments[0]);
        node = NodeId.of(arguments[1]);
        cluster = arguments[2];
        lockFile = Path.of(arguments[3]);
        markFile = NodeMark.file(arguments[4]);
    }

    /**
     * @param arguments process id of the node, its name, its cluster's name, the lock file, the file of its mark
     */
    public static void main(String[] arguments) {
        // Whatever else writes to standard output must not come between the frames.
        System.setOut(System.err);
        Runtime.getRuntime().addShutdownHook(new Thread(GuardianMain::outliveTheNode, "signalled"));
        int status = 1;
        try {
            new GuardianMain(arguments).serve();
            status = 0;
        } catch (IOException | RuntimeException | InterruptedException e) {
            say("ends: " + e);
        } finally {
            // Not exit: that would wait for the hook above.
            Runtime.getRuntime().halt(status);
        }
    }

    /** A signal to the whole process group or service reaches us as well; stay until the node's end, within reason. */
    private static void outliveTheNode() {
        try {
            new CountDownLatch(1).await(SIGNALLED_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve() throws IOException, InterruptedException {
        Optional<HostPort> host = hostPort();
        Optional<ProcessTasks> tasks = ProcessTasks.of(Path.of("/proc"), parent);
        @Nullable ProcessWatch watch = host.map(this::watch).orElse(null);
        if (ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(0L) != parent) {
            return;
        }
        if (watch == null && tasks.isEmpty()) {
            throw new IOException("neither a process watch nor /proc/" + parent
                    + " shows the node; mount /proc, and without hidepid");
        }
        FileChannel lock = lockAfterPredecessor();
        if (lock == null) {
            return;
        }
        try {
            guard(host, watch, tasks);
        } finally {
            // The lock ends with the process, and must not end before it when the collector finds the channel unused.
            Reference.reachabilityFence(lock);
        }
    }

    private void guard(Optional<HostPort> host, @Nullable ProcessWatch watch, Optional<ProcessTasks> tasks)
            throws IOException, InterruptedException {
        WillSender sender;
        try {
            GuardianWire.Frame hello = GuardianWire.read(in);
            acknowledge(hello);
            GuardianWire.Addresses addresses = GuardianWire.addresses(hello);
            sender = WillSender.open(addresses.locals(), addresses.peers());
        } catch (EOFException e) {
            return;
        }
        if (!sender.hasSockets()) {
            throw new IOException(
                    "none of this host's addresses given to it could be bound; correct the links' addresses");
        }
        KeyPair keys = LastWills.newKeyPair();
        LastWills.rehearse(LastWills.newKeyPair());
        host.ifPresent(HostPort::warmUp);
        sender.rehearse();
        Optional<HostPort.LifeMark> mark =
                tasks.filter(ProcessTasks::showsLife).flatMap(seen -> host.flatMap(this::mark));
        String obstacle = killObstacle(watch);
        if (obstacle.isEmpty()) {
            killer = new NodeKiller(host.orElseThrow(), Objects.requireNonNull(watch), this::hasHeardEverything);
        }
        send(new GuardianWire.Frame(GuardianWire.KILLER, obstacle.getBytes(StandardCharsets.UTF_8)));
        send(new GuardianWire.Frame(GuardianWire.READY, keys.getPublic().getEncoded()));

        Thread reader = new Thread(this::read, "reader");
        reader.setDaemon(true);
        reader.start();
        if (watch == null) {
            if (awaitEndByProc(tasks.orElseThrow(), reader)) {
                bequeathAll(host, keys, sender);
            }
        } else if (isGoneAtLast(watch, mark, tasks)) {
            drain(reader);
            bequeathAll(host, keys, sender);
        } else {
            drainOfTheEnding(reader);
            whilePastItsEnd(watch, host, keys, sender);
        }
    }

    /** No thread of the node acts any more, and its descriptors are still open. */
    private void whilePastItsEnd(ProcessWatch watch, Optional<HostPort> host, KeyPair keys, WillSender sender)
            throws InterruptedException {
        Announced.Contents heard = announced.contents();
        List<Removal> removals = rites(host, heard);
        boolean isEarly = heard.incarnation() != 0
                && !heard.isIncomplete()
                && !heard.needsWholeEnd()
                && removals.stream().allMatch(Removal::isGone);
        if (isEarly) {
            bequeath(heard, removals, keys, sender);
            tidyUp(host);
            // What only the end of the process sets free: a gate belongs to whoever made it.
            if (watch.awaitEnd(WHOLE_END_MILLIS_MAX)) {
                rites(host, announced.contents());
                tidyUp(host);
            }
        } else {
            // Something may stand or land until the process is gone.
            while (!watch.awaitEnd(-1)) {
                Thread.onSpinWait();
            }
            bequeathAll(host, keys, sender);
        }
    }

    private void bequeathAll(Optional<HostPort> host, KeyPair keys, WillSender sender) {
        Announced.Contents heard = announced.contents();
        bequeath(heard, rites(host, heard), keys, sender);
        tidyUp(host);
    }

    /**
     * Waits for the node's end.
     *
     * @return true if its process is gone, false if it is past its end but still there
     */
    private static boolean isGoneAtLast(
            ProcessWatch watch, Optional<HostPort.LifeMark> mark, Optional<ProcessTasks> tasks)
            throws InterruptedException {
        AtomicBoolean isGone = new AtomicBoolean();
        CountDownLatch over = new CountDownLatch(1);
        daemon("watch", () -> {
            try {
                while (!watch.awaitEnd(-1)) {
                    Thread.onSpinWait();
                }
                isGone.set(true);
                over.countDown();
            } catch (InterruptedException | RuntimeException | LinkageError e) {
                // A guardian that sees no end must not look as if it did.
                say("ends, because it cannot watch the node any more: " + e);
                Runtime.getRuntime().halt(1);
            }
        });
        mark.ifPresent(held -> daemon("mark", () -> {
            if (held.awaitEnd() && isPastItsEnd(tasks.orElseThrow(), isGone)) {
                over.countDown();
            }
        }));
        over.await();
        return isGone.get();
    }

    /** The mark speaks of one thread; a look at all of them decides. */
    private static boolean isPastItsEnd(ProcessTasks tasks, AtomicBoolean isGone) {
        long until = System.nanoTime() + ENDING_NANOS_MAX;
        int looks = 0;
        while (!isGone.get() && System.nanoTime() - until < 0) {
            if (tasks.areAllPastTheirEnd()) {
                return true;
            }
            LockSupport.parkNanos(Math.min(ENDING_LOOK_NANOS << Math.min(looks++ / 16, 6), ENDING_LOOK_NANOS_MAX));
        }
        return false;
    }

    private static void daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private Optional<HostPort.LifeMark> mark(HostPort host) {
        try {
            return markFile.flatMap(host::lifeMark);
        } catch (RuntimeException | LinkageError e) {
            say("the node's mark cannot be opened, its end is noticed later: " + e.getMessage());
            return Optional.empty();
        }
    }

    /** /proc serves neither a clock that two processes read alike nor a signal that cannot hit a stranger. */
    private static String killObstacle(@Nullable ProcessWatch watch) {
        return watch == null
                ? "the guardian has no host port to kill with; put ha-iptakeover and JNA on the class path"
                : watch.cannotKillBecause();
    }

    private boolean hasHeardEverything() {
        return isPipeEmpty() && taken == handled;
    }

    private static boolean isPipeEmpty() {
        try {
            return PIPE.available() == 0;
        } catch (IOException e) {
            // An end that cannot be read: nothing more will come.
            return true;
        }
    }

    /**
     * Without a process watch: the end of the pipe and no live task.
     *
     * @return false if the node is gone but the pipe has no end, because somebody else holds it: then no will
     */
    private static boolean awaitEndByProc(ProcessTasks tasks, Thread reader) throws InterruptedException {
        long round = 0;
        while (tasks.isAnyLive()) {
            if (reader.isAlive()) {
                reader.join(500);
            } else {
                round++;
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(round < 1000 ? 1 : 50));
            }
        }
        reader.join(DRAIN_MILLIS_MAX);
        return !reader.isAlive();
    }

    /**
     * Lets the reader take every byte that is left. Its end is the end of the pipe, which comes at once unless a program started
     * by the node has inherited it; then an empty pipe must do, and a claim that is missed counts as not gone.
     */
    private static void drain(Thread reader) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(DRAIN_MILLIS_MAX);
        boolean wasEmpty = false;
        reader.join(DRAIN_STEP_MILLIS);
        while (reader.isAlive() && System.nanoTime() - until < 0) {
            boolean isEmpty = isPipeEmpty();
            if (isEmpty && wasEmpty && reader.getState() == Thread.State.RUNNABLE) {
                return;
            }
            wasEmpty = isEmpty;
            reader.join(DRAIN_STEP_MILLIS);
        }
    }

    /**
     * The same while the node's end of the pipe is still open, though nobody can write to it any more: everything has been heard when the
     * pipe is empty, the reader waits, and what it took is dealt with, again and again.
     */
    private void drainOfTheEnding(Thread reader) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(DRAIN_MILLIS_MAX);
        int quiet = 0;
        while (reader.isAlive() && quiet < QUIET_LOOKS && System.nanoTime() - until < 0) {
            quiet = hasHeardEverything() && reader.getState() == Thread.State.RUNNABLE ? quiet + 1 : 0;
            reader.join(1);
        }
    }

    /** Reads what the node announces until the pipe ends. Anything that is not understood ends the guardian. */
    private void read() {
        try {
            while (true) {
                GuardianWire.Frame frame = GuardianWire.read(in);
                switch (frame.type()) {
                    case GuardianWire.LIVE -> announced.live(ByteBuffer.wrap(frame.payload()));
                    case GuardianWire.CLAIM -> announced.claim(new String(frame.payload(), StandardCharsets.UTF_8));
                    case GuardianWire.ARM -> arm(ByteBuffer.wrap(frame.payload()));
                    case GuardianWire.DISARM ->
                        Optional.ofNullable(killer)
                                .ifPresent(k -> k.disarm(
                                        ByteBuffer.wrap(frame.payload()).getLong()));
                    case GuardianWire.CLOSE -> Runtime.getRuntime().halt(0);
                    default -> throw new ProtocolException("unknown frame " + frame.type());
                }
                acknowledge(frame);
            }
        } catch (EOFException e) {
            // Not a death by itself: the main thread decides.
            return;
        } catch (IOException | RuntimeException e) {
            say("ends, because the node's announcements cannot be read: " + e);
            Runtime.getRuntime().halt(1);
        }
    }

    private void arm(ByteBuffer order) throws IOException {
        NodeKiller present = killer;
        long number = order.getLong();
        if (present != null && present.arm(order.getLong(), order.getLong())) {
            send(new GuardianWire.Frame(
                    GuardianWire.ARMED,
                    ByteBuffer.allocate(16)
                            .putLong(number)
                            .putLong(present.takeWorstLateness())
                            .array()));
        }
    }

    private void bequeath(Announced.Contents contents, List<Removal> removals, KeyPair keys, WillSender sender) {
        if (contents.incarnation() == 0) {
            return;
        }
        byte[] datagram = LastWills.sign(
                new LastWill(cluster, node, contents.incarnation(), removals, contents.isIncomplete()),
                keys.getPrivate());
        long start = System.nanoTime();
        for (long at : SEND_AT_MILLIS) {
            long due = start + TimeUnit.MILLISECONDS.toNanos(at);
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            sender.send(datagram);
        }
    }

    private static void tidyUp(Optional<HostPort> host) {
        try {
            host.ifPresent(HostPort::afterRites);
        } catch (RuntimeException | LinkageError e) {
            say("something is left on this host: " + e);
        }
    }

    private static List<Removal> rites(Optional<HostPort> host, Announced.Contents contents) {
        if (contents.incarnation() == 0 && contents.claims().isEmpty()) {
            return List.of();
        }
        if (host.isEmpty()) {
            return failed(contents, DETAIL_NO_HOST_PORT);
        }
        try {
            return host.get().lastRites(contents.tags(), contents.claims());
        } catch (RuntimeException | LinkageError e) {
            return failed(contents, e.toString());
        }
    }

    private static List<Removal> failed(Announced.Contents contents, String why) {
        List<Removal> removals = new ArrayList<>();
        for (String claim : contents.claims()) {
            removals.add(new Removal(claim, Removal.Result.FAILED, why));
        }
        return removals;
    }

    private static Optional<HostPort> hostPort() {
        try {
            for (HostPort port : ServiceLoader.load(HostPort.class)) {
                String unavailable = port.unavailableBecause();
                if (unavailable.isEmpty()) {
                    return Optional.of(port);
                }
                say("host port " + port.name() + " is of no use here: " + unavailable);
            }
        } catch (ServiceConfigurationError | LinkageError e) {
            say("host port cannot be loaded: " + e);
        }
        return Optional.empty();
    }

    private @Nullable ProcessWatch watch(HostPort host) {
        try {
            return host.watch(parent);
        } catch (PlatformException e) {
            say("host port " + host.name() + " cannot watch the node, /proc serves instead: " + e.getMessage());
            return null;
        }
    }

    private @Nullable FileChannel lockAfterPredecessor() throws IOException {
        FileChannel channel = FileChannel.open(
                lockFile, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        long until = System.nanoTime() + PREDECESSOR_NANOS_MAX;
        while (channel.tryLock() == null) {
            if (System.nanoTime() - until > 0) {
                ByteBuffer holder = ByteBuffer.allocate(32);
                channel.read(holder, 0);
                refuse("the guardian of this node's last life still runs, process "
                        + new String(holder.array(), 0, holder.position(), StandardCharsets.US_ASCII).strip()
                        + " (it holds "
                        + lockFile
                        + "); if its node runs, stop that first; if the guardian is stopped or hangs, end it");
                return null;
            }
            LockSupport.parkNanos(PREDECESSOR_POLL_NANOS);
        }
        channel.truncate(0);
        channel.write(StandardCharsets.US_ASCII.encode(ProcessHandle.current().pid() + "\n"), 0);
        return channel;
    }

    /** Says why the node itself must not go on; other troubles only cost it the guardian. */
    private void refuse(String why) throws IOException {
        send(new GuardianWire.Frame(GuardianWire.REFUSED, why.getBytes(StandardCharsets.UTF_8)));
    }

    private void acknowledge(GuardianWire.Frame frame) {
        handled += frame.length();
        try {
            send(new GuardianWire.Frame(
                    GuardianWire.ACKNOWLEDGED,
                    ByteBuffer.allocate(4).putInt(frame.length()).array()));
        } catch (IOException e) {
            // The node is gone or has closed its end; what it wrote before still counts.
            say("the node does not listen: " + e.getMessage());
        }
    }

    private void send(GuardianWire.Frame frame) throws IOException {
        out.write(frame.bytes());
    }

    static void say(String what) {
        System.err.println(what);
    }

    /** The pipe, counting. */
    private final class Counted extends FileInputStream {
        private Counted() {
            super(FileDescriptor.in);
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = super.read(bytes, offset, length);
            taken += Math.max(0, count);
            return count;
        }
    }

    /** What the node announced. Written by the reader, read by the main thread once the node is gone. */
    private static final class Announced {
        private final ReentrantLock turn = new ReentrantLock();
        private final Set<Integer> tags = new LinkedHashSet<>();
        private final Set<String> claims = new LinkedHashSet<>();
        private long incarnation;
        private boolean incomplete;

        private boolean needsWholeEnd;

        /**
         * @param needsWholeEnd whether the node's end is that of its process, see {@link HostClaims#WHOLE_PROCESS}
         */
        record Contents(
                long incarnation,
                List<Integer> tags,
                List<String> claims,
                boolean isIncomplete,
                boolean needsWholeEnd) {}

        void live(ByteBuffer payload) {
            turn.lock();
            try {
                incarnation = Math.max(incarnation, payload.getLong());
                int tag = payload.getInt();
                tags.remove(tag);
                tags.add(tag);
                if (tags.size() > GuardianWire.TAGS_MAX) {
                    tags.remove(tags.iterator().next());
                }
            } finally {
                turn.unlock();
            }
        }

        void claim(String claim) {
            turn.lock();
            try {
                if (claim.equals(HostClaims.WHOLE_PROCESS)) {
                    needsWholeEnd = true;
                } else if (claims.size() < GuardianWire.CLAIMS_MAX) {
                    claims.add(claim);
                } else if (!claims.contains(claim)) {
                    incomplete = true;
                }
            } finally {
                turn.unlock();
            }
        }

        Contents contents() {
            turn.lock();
            try {
                return new Contents(incarnation, List.copyOf(tags), List.copyOf(claims), incomplete, needsWholeEnd);
            } finally {
                turn.unlock();
            }
        }
    }
}
