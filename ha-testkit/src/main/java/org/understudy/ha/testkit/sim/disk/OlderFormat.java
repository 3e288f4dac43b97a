package org.understudy.ha.testkit.sim.disk;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.function.Consumer;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.SessionEnd;

/**
 * Writes a node's state in the format of version 1 or 2, which the library only reads. Placement rules, capacities, what runs and
 * maintenance do not exist in either and are left out; sets of acceptors in change, lives, hosts, priorities and operators' words not in
 * version 1.
 */
final class OlderFormat {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final boolean isFirst;

    private OlderFormat(int version) {
        isFirst = version == 1;
    }

    /**
     * @param version 1 or 2
     * @throws IllegalArgumentException if two sets of acceptors decide in the state: version 1 had one
     */
    static byte[] encode(DurableState state, int version) {
        OlderFormat w = new OlderFormat(version);
        w.u8(version);
        w.ballot(state.promised());
        w.ballot(state.acceptedBallot());
        w.bool(state.accepted().isPresent());
        state.accepted().ifPresent(w::record);
        w.each(state.released().entrySet(), w::counted);
        if (!w.isFirst) {
            w.i64(state.life());
            w.i64(state.noted());
            w.each(state.lives().entrySet(), e -> {
                w.acceptor(e.getKey());
                w.i64(e.getValue());
            });
            w.bool(state.isRecovering());
        }
        return w.out.toByteArray();
    }

    private void record(ClusterRecord c) {
        if (isFirst && !c.voters().isSettled()) {
            throw new IllegalArgumentException("version 1 knows no " + c.voters());
        }
        text(c.cluster());
        i32(c.generation());
        i64(c.number());
        if (!isFirst) {
            u8(c.voters().phase().ordinal());
            i64(c.voters().change());
        }
        each(c.voters().set(), this::acceptor);
        if (!isFirst) {
            each(c.voters().other(), this::acceptor);
        }
        each(c.sessions().values(), this::session);
        each(c.incarnations().entrySet(), e -> {
            text(e.getKey().value());
            i64(e.getValue());
        });
        each(c.ends(), this::end);
        each(c.groups().entrySet(), e -> {
            text(e.getKey());
            group(e.getValue());
        });
        i64(c.lastToken());
        if (!isFirst) {
            each(c.standby(), node -> text(node.value()));
            each(c.words(), word -> {
                i64(word.number());
                text(word.what());
                text(word.who());
                text(word.why());
            });
        }
    }

    private void session(Session s) {
        incarnation(s.incarnation());
        i64(s.joinNonce());
        if (!isFirst) {
            text(s.disk());
            host(s.host());
        }
        text(s.willKey());
        i64(s.offerVersion());
        each(s.candidacies().entrySet(), e -> {
            text(e.getKey());
            candidacy(e.getValue());
        });
    }

    private void candidacy(Candidacy c) {
        each(c.preferred(), node -> text(node.value()));
        bool(c.isElection());
        bool(c.isEligible());
        text(c.whyNot());
        u8(c.presence().ordinal());
        bool(c.isExpirable());
        each(c.remains(), this::text);
        if (!isFirst) {
            i32((int) c.priority());
            bool(c.keepsRunning());
        }
    }

    private void host(HostIdentity host) {
        text(host.machine());
        text(host.boot());
        text(host.lock());
    }

    private void end(SessionEnd e) {
        incarnation(e.incarnation());
        u8(e.proof().ordinal());
        text(e.willKey());
        each(e.gone(), this::text);
        if (!isFirst) {
            text(e.disk());
            host(e.host());
        }
    }

    private void group(GroupRecord g) {
        bool(g.grant().isPresent());
        g.grant().ifPresent(this::grant);
        bool(g.moveTo().isPresent());
        g.moveTo().ifPresent(node -> text(node.value()));
        text(g.fatal());
    }

    private void grant(Grant g) {
        incarnation(g.holder());
        i64(g.token());
        u8(g.proof().ordinal());
        bool(g.over().isPresent());
        g.over().ifPresent(proof -> u8(proof.ordinal()));
        bool(g.isExpirable());
        each(g.remains(), this::text);
    }

    private void ballot(Ballot ballot) {
        i64(ballot.round());
        text(ballot.proposer());
    }

    private void acceptor(AcceptorId acceptor) {
        text(acceptor.node().value());
        text(acceptor.disk());
    }

    private void incarnation(Incarnation incarnation) {
        text(incarnation.node().value());
        i64(incarnation.number());
    }

    private void counted(Map.Entry<String, Long> entry) {
        text(entry.getKey());
        i64(entry.getValue());
    }

    private <T> void each(Collection<T> values, Consumer<T> write) {
        i32(values.size());
        values.forEach(write);
    }

    private void text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        u8(utf8.length >>> 8);
        u8(utf8.length);
        out.writeBytes(utf8);
    }

    private void bool(boolean value) {
        u8(value ? 1 : 0);
    }

    private void u8(int value) {
        out.write(value);
    }

    private void i32(int value) {
        out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
    }

    private void i64(long value) {
        out.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
    }
}
