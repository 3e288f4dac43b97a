package org.understudy.ha.iptakeover.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.NativeAccess;
import org.understudy.ha.iptakeover.netlink.NetlinkAck;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.netlink.NfTables;

/**
 * One netlink socket: requests, dumps and nf_tables batches, one at a time.
 *
 * <p>The kernel carries a request out inside {@code send(2)}, so its answer is waiting when that returns.
 */
final class NetlinkSocket implements AutoCloseable {
    /** {@code NETLINK_ROUTE}. */
    static final int ROUTE = 0;
    /** {@code NETLINK_NETFILTER}. */
    static final int NETFILTER = 12;

    private static final int OPTION_CAP_ACK = 10;
    private static final int OPTION_EXT_ACK = 11;
    private static final int OPTION_STRICT_CHECK = 12;
    private static final int SO_SNDBUF = 7;
    /** For the gate of 4096 addresses, which is one send. The kernel grants what {@code net.core.wmem_max} allows, doubled. */
    private static final int SEND_BUFFER_BYTES = 512 * 1024;
    /** With the usual buffer for answers the kernel drops them from some 250 on, although it has done what was asked. */
    private static final int CHANGES_PER_SEND_MAX = 100;

    private static final int ANSWER_MILLIS_MAX = 2_000;
    private static final int DUMP_ATTEMPTS_MAX = 5;
    /** A host with more objects than this has another problem; the limit keeps memory bounded. */
    private static final int DUMP_MESSAGES_MAX = 200_000;

    private final ReentrantLock lock = new ReentrantLock();
    /** For dumps: the kernel fills what it is offered. */
    private final byte[] dumpBuffer = new byte[32 * 1024];
    /** For single answers; small, because the whole of it is copied to and from native memory at each call. */
    private final byte[] buffer = new byte[8 * 1024];

    private final byte[] nothing = new byte[1];
    private final Fd fd;
    private int sequence;
    /** An exchange was begun that may not have been heard to its end: it failed, or asked for one answer only. */
    private boolean isUnheard;

    private NetlinkSocket(Fd fd) {
        this.fd = fd;
    }

    /**
     * @throws PlatformException if native code is unavailable or the kernel refuses
     */
    static NetlinkSocket open(int protocol) {
        return open(protocol, 0);
    }

    /**
     * A socket that hears what the kernel tells everybody; ask nothing on it.
     *
     * @param groups bits of {@code RTMGRP_*}, {@code linux/rtnetlink.h}
     */
    static NetlinkSocket listen(int groups) {
        return open(ROUTE, groups);
    }

    private static NetlinkSocket open(int protocol, int groups) {
        NativeAccess.require();
        Fd fd = Libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW, protocol);
        try {
            Libc.setOption(fd, Libc.SOL_NETLINK, OPTION_CAP_ACK, 1);
            Libc.setOption(fd, Libc.SOL_NETLINK, OPTION_EXT_ACK, 1);
            Libc.setOption(fd, Libc.SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_BYTES);
            Libc.bind(
                    fd,
                    ByteBuffer.allocate(12)
                            .order(ByteOrder.nativeOrder())
                            .putShort((short) Libc.AF_NETLINK)
                            .putShort((short) 0)
                            .putInt(0)
                            .putInt(groups)
                            .array());
            return new NetlinkSocket(fd);
        } catch (PlatformException e) {
            fd.close();
            throw e;
        }
    }

    /** Lets the kernel itself leave out of dumps what was not asked for, Linux 4.20 and later. */
    void filterDumps() {
        Libc.setOption(fd, Libc.SOL_NETLINK, OPTION_STRICT_CHECK, 1);
    }

    /** Sends one change and returns the kernel's verdict on it. */
    NetlinkAck change(NetlinkMessage request) {
        // What is no request the kernel acknowledges and passes over.
        return changeAll(List.of(request.withFlags(NetlinkMessage.REQUEST))).get(0);
    }

    /**
     * Sends changes, which do not depend on one another: a refused one does not stop the others.
     *
     * @param requests with {@link NetlinkMessage#REQUEST}
     * @return the kernel's verdict on each, in the same order
     */
    List<NetlinkAck> changeAll(List<NetlinkMessage> requests) {
        List<NetlinkAck> acks = new ArrayList<>(requests.size());
        lock.lock();
        try {
            begin();
            for (int from = 0; from < requests.size(); from += CHANGES_PER_SEND_MAX) {
                int to = Math.min(requests.size(), from + CHANGES_PER_SEND_MAX);
                acks.addAll(changeSome(requests.subList(from, to)));
            }
            isUnheard = false;
        } finally {
            lock.unlock();
        }
        return acks;
    }

    /** The kernel reports each refusal anyway, and takes one after the other: done with the last it is done with all. */
    private List<NetlinkAck> changeSome(List<NetlinkMessage> requests) {
        int first = sequence + 1;
        sequence += requests.size();
        int last = sequence;
        List<NetlinkAck> acks = new ArrayList<>(requests.size());
        for (int id = first; id - last <= 0; id++) {
            acks.add(new NetlinkAck(0, id, ""));
        }
        Libc.send(fd, NetlinkMessage.encodeAll(requests, first, NetlinkMessage.ACK));
        while (true) {
            for (NetlinkMessage m : receive(buffer, "an acknowledgement")) {
                boolean isOurs = m.type() == NetlinkMessage.ERROR && m.sequence() - first >= 0;
                if (isOurs && m.sequence() - last <= 0) {
                    acks.set(m.sequence() - first, NetlinkAck.decode(m));
                }
                if (isOurs && m.sequence() == last) {
                    return acks;
                }
            }
        }
    }

    /** What one question was answered with: a message, or the kernel's refusal. */
    record Answer(List<NetlinkMessage> messages, NetlinkAck ack) {}

    /** Asks for one object. */
    Answer ask(NetlinkMessage request) {
        lock.lock();
        try {
            int id = ++sequence;
            begin();
            Libc.send(fd, request.withSequence(id).encode());
            while (true) {
                for (NetlinkMessage m : receive(buffer, "an answer")) {
                    if (m.sequence() == id) {
                        return m.type() == NetlinkMessage.ERROR
                                ? new Answer(List.of(), NetlinkAck.decode(m))
                                : new Answer(List.of(m), new NetlinkAck(0, id, ""));
                    }
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Reads a whole table, again if it changed meanwhile.
     *
     * @throws PlatformException if the kernel refuses or the table does not hold still
     */
    List<NetlinkMessage> dump(NetlinkMessage request, String call) {
        lock.lock();
        try {
            for (int attempt = 0; attempt < DUMP_ATTEMPTS_MAX; attempt++) {
                List<NetlinkMessage> found = new ArrayList<>();
                if (dumpOnce(request, call, found)) {
                    return found;
                }
            }
            throw new PlatformException(call, 0, call + ": the table changed during each of 5 dumps; try again");
        } finally {
            lock.unlock();
        }
    }

    /** The same without insisting: what changes meanwhile may be missing. For tables that hardly ever hold still. */
    List<NetlinkMessage> glance(NetlinkMessage request, String call) {
        lock.lock();
        try {
            List<NetlinkMessage> found = new ArrayList<>();
            dumpOnce(request, call, found);
            return found;
        } finally {
            lock.unlock();
        }
    }

    private boolean dumpOnce(NetlinkMessage request, String call, List<NetlinkMessage> found) {
        int id = ++sequence;
        begin();
        Libc.send(fd, request.withSequence(id).encode());
        boolean consistent = true;
        while (true) {
            for (NetlinkMessage m : receive(dumpBuffer, call)) {
                if (m.sequence() != id) {
                    continue;
                }
                consistent &= (m.flags() & NetlinkMessage.DUMP_INTERRUPTED) == 0;
                if (m.type() == NetlinkMessage.DONE) {
                    isUnheard = false;
                    return consistent;
                }
                if (m.type() == NetlinkMessage.ERROR) {
                    throw refused(call, NetlinkAck.decode(m), "the table");
                }
                if (found.size() == DUMP_MESSAGES_MAX) {
                    throw new PlatformException(
                            call, 0, call + " returned more than " + DUMP_MESSAGES_MAX + " objects");
                }
                found.add(m);
            }
        }
    }

    /**
     * Carries out nf_tables changes, all or none.
     *
     * @return the first refusal, or success
     */
    NetlinkAck transact(List<NetlinkMessage> changes) {
        lock.lock();
        try {
            begin();
            List<NetlinkMessage> batch = new ArrayList<>(changes.size() + 2);
            batch.add(NfTables.batchBegin().withSequence(++sequence));
            for (int i = 0; i < changes.size(); i++) {
                NetlinkMessage change = changes.get(i).withSequence(++sequence);
                // The kernel reports each refusal anyway; one wanted acknowledgement is enough for "all done".
                batch.add(i == changes.size() - 1 ? change.withFlags(NetlinkMessage.ACK) : change);
            }
            int last = sequence;
            batch.add(NfTables.batchEnd().withSequence(++sequence));
            Libc.send(fd, NetlinkMessage.encodeAll(batch));
            return verdict(last);
        } finally {
            lock.unlock();
        }
    }

    /** nf_tables changes that are carried out again and again, encoded once. Belongs to the socket that it is given to. */
    static final class Prepared {
        private static final int SEQUENCE_AT = 8;

        private final byte[] bytes;
        private final ByteBuffer view;
        private final int count;

        Prepared(List<NetlinkMessage> changes) {
            List<NetlinkMessage> batch = new ArrayList<>(changes);
            batch.add(0, NfTables.batchBegin());
            // The last change is the one before the end.
            batch.set(changes.size(), batch.get(changes.size()).withFlags(NetlinkMessage.ACK));
            batch.add(NfTables.batchEnd());
            count = batch.size();
            bytes = NetlinkMessage.encodeAll(batch);
            view = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        }

        private byte[] numbered(int first) {
            int start = 0;
            for (int i = 0; i < count; i++) {
                view.putInt(start + SEQUENCE_AT, first + i);
                start += view.getInt(start) + 3 & ~3;
            }
            return bytes;
        }
    }

    /** As {@link #transact(List)}. */
    NetlinkAck transact(Prepared changes) {
        lock.lock();
        try {
            begin();
            int first = sequence + 1;
            sequence += changes.count;
            Libc.send(fd, changes.numbered(first));
            return verdict(sequence - 1);
        } finally {
            lock.unlock();
        }
    }

    private NetlinkAck verdict(int last) {
        NetlinkAck refusal = null;
        boolean done = false;
        int length = Libc.receive(fd, buffer, Libc.MSG_DONTWAIT);
        while (length >= 0) {
            for (NetlinkMessage m : NetlinkMessage.decodeAll(buffer, length)) {
                if (m.type() == NetlinkMessage.ERROR) {
                    NetlinkAck ack = NetlinkAck.decode(m);
                    if (!ack.isDone() && refusal == null) {
                        refusal = ack;
                    }
                    done |= ack.isDone() && ack.sequence() == last;
                }
            }
            length = Libc.receive(fd, buffer, Libc.MSG_DONTWAIT);
        }
        isUnheard = false;
        if (refusal != null) {
            return refusal;
        }
        if (!done) {
            throw new PlatformException("nf_tables batch", 0, "the kernel did not answer an nf_tables batch");
        }
        return new NetlinkAck(0, last, "");
    }

    /** Throws away what an earlier, failed exchange left behind. */
    private void begin() {
        while (isUnheard && Libc.receive(fd, nothing, Libc.MSG_DONTWAIT) >= 0) {
            // Only the answers of the exchange that starts now matter.
        }
        isUnheard = true;
    }

    private List<NetlinkMessage> receive(byte[] into, String what) {
        int length = Libc.receive(fd, into, Libc.MSG_DONTWAIT);
        while (length < 0) {
            if (!Libc.awaitReadable(fd, ANSWER_MILLIS_MAX)) {
                throw new PlatformException(
                        "recv", 0, "the kernel did not send " + what + " within " + ANSWER_MILLIS_MAX + " ms");
            }
            length = Libc.receive(fd, into, Libc.MSG_DONTWAIT);
        }
        try {
            return NetlinkMessage.decodeAll(into, length);
        } catch (MalformedMessageException e) {
            throw new PlatformException(
                    "recv", 0, "the kernel sent " + what + " that cannot be read: " + e.getMessage(), e);
        }
    }

    /** Lets the kernel pass only what a program chooses, see {@link Libc#attachFilter}. */
    void attachFilter(byte[] program) {
        Libc.attachFilter(fd, program);
    }

    /** To wait on together with others. */
    Fd descriptor() {
        return fd;
    }

    /**
     * Waits for something to hear.
     *
     * @return false once {@code ending} is readable
     */
    boolean awaitNews(Fd ending) {
        return Libc.awaitReadableUnless(ending, fd);
    }

    /**
     * What was heard, without waiting. One thread may ask.
     *
     * @throws PlatformException ENOBUFS if the kernel had to drop some of it
     * @throws MalformedMessageException if it cannot be read
     */
    List<NetlinkMessage> news() {
        int length = Libc.receive(fd, dumpBuffer, Libc.MSG_DONTWAIT);
        return length < 0 ? List.of() : NetlinkMessage.decodeAll(dumpBuffer, length);
    }

    /** A refusal as an exception, with the kernel's own words and the remedy where one is known. */
    static PlatformException refused(String call, NetlinkAck ack, String object) {
        String words = ack.text().isEmpty() ? "" : ", \"" + ack.text() + "\"";
        String what = call + " refused for " + object + ": " + Libc.errnoName(ack.errno()) + words;
        boolean lacksCapability = ack.errno() == Libc.EPERM || ack.errno() == Libc.EACCES;
        return new PlatformException(
                call, ack.errno(), lacksCapability ? Capabilities.NET_ADMIN_REMEDY + " (" + what + ")" : what);
    }

    @Override
    public void close() {
        fd.close();
    }
}
