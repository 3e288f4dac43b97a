package org.understudy.ha.membership.codec;

import java.nio.ByteBuffer;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.message.Message.Accept;
import org.understudy.ha.membership.core.message.Message.AcceptOnRelease;
import org.understudy.ha.membership.core.message.Message.Accepted;
import org.understudy.ha.membership.core.message.Message.Chosen;
import org.understudy.ha.membership.core.message.Message.Clear;
import org.understudy.ha.membership.core.message.Message.ClearAnswer;
import org.understudy.ha.membership.core.message.Message.FormAnswer;
import org.understudy.ha.membership.core.message.Message.FormQuery;
import org.understudy.ha.membership.core.message.Message.Join;
import org.understudy.ha.membership.core.message.Message.Leave;
import org.understudy.ha.membership.core.message.Message.Move;
import org.understudy.ha.membership.core.message.Message.MoveRefused;
import org.understudy.ha.membership.core.message.Message.Offer;
import org.understudy.ha.membership.core.message.Message.Operate;
import org.understudy.ha.membership.core.message.Message.PreVote;
import org.understudy.ha.membership.core.message.Message.PreVoteAnswer;
import org.understudy.ha.membership.core.message.Message.Prepare;
import org.understudy.ha.membership.core.message.Message.Promise;
import org.understudy.ha.membership.core.message.Message.Recover;
import org.understudy.ha.membership.core.message.Message.Recovered;
import org.understudy.ha.membership.core.message.Message.Refused;
import org.understudy.ha.membership.core.message.Message.Release;
import org.understudy.ha.membership.core.message.Message.Renew;
import org.understudy.ha.membership.core.message.Message.RenewAck;
import org.understudy.ha.membership.core.message.Message.RenewRefused;
import org.understudy.ha.membership.core.message.Message.Soft;
import org.understudy.ha.membership.core.message.Message.Succeed;
import org.understudy.ha.membership.core.message.Vote;

/**
 * Frames between nodes.
 *
 * <pre>
 * offset  size  what
 *      0     4  magic 0x55 0x53 0x54 0x44 ("USTD")
 *      4     1  version, 3
 *      5   2+n  cluster name
 *          2+n  sender's node name
 *            8  the sender's life and, growing within it, the number of the frame: see {@link FrameOrder}
 *            1  kind of message
 *            n  the message
 * </pre>
 */
public final class MessageCodec {

    private static final int MAGIC = 0x55535444;
    private static final int VERSION = 3;

    private MessageCodec() {}

    /** A decoded frame. */
    public record Frame(String cluster, NodeId sender, long sequence, Message message) {}

    public static byte[] encode(String cluster, NodeId sender, long sequence, Message message) {
        Writer w = new Writer()
                .i32(MAGIC)
                .u8(VERSION)
                .text(cluster)
                .text(sender.value())
                .i64(sequence);
        message.accept(new Encoder(w));
        return w.toBytes();
    }

    /** Whether it begins like a frame, of a version that this node does not speak. */
    public static boolean isOfOtherVersion(byte[] bytes) {
        return bytes.length > 4 && ByteBuffer.wrap(bytes).getInt() == MAGIC && (bytes[4] & 0xff) != VERSION;
    }

    /**
     * @throws MalformedMessageException if the bytes are anything else
     */
    public static Frame decode(byte[] bytes) {
        Reader r = new Reader(bytes);
        if (r.i32() != MAGIC) {
            throw new MalformedMessageException(0, "not a frame of this library");
        }
        int version = r.u8();
        if (version != VERSION) {
            throw new MalformedMessageException(4, "frame of version " + version + "; this node speaks " + VERSION);
        }
        String cluster = r.text();
        NodeId sender = RecordCodec.node(r);
        long sequence = r.i64();
        Message message = message(r);
        r.end();
        return new Frame(cluster, sender, sequence, message);
    }

    private static Message message(Reader r) {
        int at = r.position();
        int kind = r.u8();
        switch (kind) {
            case 1:
                return new FormQuery(r.text());
            case 2:
                return new FormAnswer(r.text(), r.text(), r.bool(), r.bool());
            case 3:
                return new Prepare(RecordCodec.ballot(r), r.bool());
            case 4:
                return new Promise(
                        RecordCodec.ballot(r), vote(r), RecordCodec.ballot(r), r.optional(RecordCodec::record));
            case 5:
                return accept(r);
            case 6:
                return new Accepted(RecordCodec.ballot(r), vote(r), r.bool());
            case 7:
                return new Refused(RecordCodec.ballot(r), RecordCodec.acceptor(r), RecordCodec.ballot(r), r.text());
            case 8:
                return new PreVote(r.i64(), r.list(RecordCodec::incarnation));
            case 9:
                return new PreVoteAnswer(r.i64(), RecordCodec.acceptor(r), r.bool());
            case 10:
                return new Chosen(RecordCodec.ballot(r), RecordCodec.record(r));
            case 11:
                return new Renew(RecordCodec.incarnation(r), r.i64(), r.i64(), RecordCodec.ballot(r));
            case 12:
                return new RenewAck(
                        RecordCodec.incarnation(r),
                        r.i64(),
                        RecordCodec.acceptor(r),
                        RecordCodec.ballot(r),
                        r.list(x -> x.list(RecordCodec::acceptor)));
            case 13:
                return new RenewRefused(
                        RecordCodec.incarnation(r),
                        r.i64(),
                        RecordCodec.acceptor(r),
                        RecordCodec.ballot(r),
                        RecordCodec.ballot(r));
            case 14:
                return new Join(r.text(), RecordCodec.host(r), r.i64(), r.text(), RecordCodec.ballot(r), r.i64());
            case 15:
                return new Offer(
                        RecordCodec.incarnation(r),
                        r.i64(),
                        RecordCodec.candidacies(r, RecordCodec.VERSION),
                        RecordCodec.allRules(r),
                        RecordCodec.weights(r),
                        RecordCodec.claims(r));
            case 16:
                return new Release(
                        RecordCodec.incarnation(r),
                        r.text(),
                        r.i64(),
                        r.optional(x -> x.constant(Severity.values())),
                        r.text());
            case 17:
                return new Leave(RecordCodec.incarnation(r));
            case 18:
                return new Move(r.i64(), r.text(), RecordCodec.node(r));
            case 19:
                return new MoveRefused(r.i64(), r.text(), r.text());
            case 20:
                return new Recover(RecordCodec.acceptor(r), r.i64(), r.bool());
            case 21:
                return new Recovered(
                        RecordCodec.acceptor(r),
                        r.i64(),
                        r.i64(),
                        RecordCodec.ballot(r),
                        RecordCodec.ballot(r),
                        r.optional(RecordCodec::record));
            case 22:
                return new Operate(r.i64(), RecordCodec.operation(r));
            case 23:
                return new Soft(r.text(), r.i64(), r.i64(), r.bytes());
            case 24:
                return new Clear(r.i64(), r.text(), RecordCodec.node(r));
            case 25:
                return new ClearAnswer(r.i64(), r.bool(), r.text());
            case 26:
                return new Succeed(r.list(x -> new Succeed.Word(x.text(), x.i64(), x.i64(), x.bool())));
            case 27:
                return new AcceptOnRelease(
                        accept(r), RecordCodec.incarnation(r), r.text(), r.i64(), r.text(), RecordCodec.node(r));
            default:
                throw new MalformedMessageException(at, "unknown kind of message " + kind);
        }
    }

    private static Accept accept(Reader r) {
        return new Accept(RecordCodec.ballot(r), RecordCodec.record(r), r.bool());
    }

    private static Vote vote(Reader r) {
        return new Vote(RecordCodec.acceptor(r), r.i64(), RecordCodec.lives(r));
    }

    private static Writer accept(Writer w, Accept accept) {
        RecordCodec.ballot(w, accept.ballot());
        RecordCodec.record(w, accept.value());
        return w.bool(accept.hasNext());
    }

    private static Writer vote(Writer w, Vote vote) {
        RecordCodec.acceptor(w, vote.acceptor());
        w.i64(vote.life());
        RecordCodec.lives(w, vote.lives());
        return w;
    }

    private static final class Encoder implements Message.Visitor<Writer> {
        private final Writer w;

        private Encoder(Writer w) {
            this.w = w;
        }

        @Override
        public Writer visit(FormQuery m) {
            return w.u8(1).text(m.configDigest());
        }

        @Override
        public Writer visit(FormAnswer m) {
            return w.u8(2)
                    .text(m.configDigest())
                    .text(m.disk())
                    .bool(m.isEmpty())
                    .bool(m.mayForm());
        }

        @Override
        public Writer visit(Prepare m) {
            RecordCodec.ballot(w.u8(3), m.ballot());
            return w.bool(m.isForming());
        }

        @Override
        public Writer visit(Promise m) {
            RecordCodec.ballot(w.u8(4), m.ballot());
            vote(w, m.vote());
            RecordCodec.ballot(w, m.acceptedBallot());
            return w.optional(m.accepted(), RecordCodec::record);
        }

        @Override
        public Writer visit(Accept m) {
            return accept(w.u8(5), m);
        }

        @Override
        public Writer visit(AcceptOnRelease m) {
            RecordCodec.incarnation(accept(w.u8(27), m.accept()), m.holder());
            RecordCodec.node(w.text(m.group()).i64(m.token()).text(m.why()), m.to());
            return w;
        }

        @Override
        public Writer visit(Accepted m) {
            RecordCodec.ballot(w.u8(6), m.ballot());
            return vote(w, m.vote()).bool(m.hasNext());
        }

        @Override
        public Writer visit(Refused m) {
            RecordCodec.ballot(w.u8(7), m.ballot());
            RecordCodec.acceptor(w, m.acceptor());
            RecordCodec.ballot(w, m.promised());
            return w.text(m.why());
        }

        @Override
        public Writer visit(PreVote m) {
            return w.u8(8).i64(m.query()).list(m.sessions(), RecordCodec::incarnation);
        }

        @Override
        public Writer visit(PreVoteAnswer m) {
            RecordCodec.acceptor(w.u8(9).i64(m.query()), m.acceptor());
            return w.bool(m.isYes());
        }

        @Override
        public Writer visit(Chosen m) {
            RecordCodec.ballot(w.u8(10), m.ballot());
            RecordCodec.record(w, m.value());
            return w;
        }

        @Override
        public Writer visit(Renew m) {
            RecordCodec.incarnation(w.u8(11), m.session());
            RecordCodec.ballot(w.i64(m.sequence()).i64(m.waitNanos()), m.learned());
            return w;
        }

        @Override
        public Writer visit(RenewAck m) {
            RecordCodec.incarnation(w.u8(12), m.session());
            RecordCodec.acceptor(w.i64(m.sequence()), m.acceptor());
            RecordCodec.ballot(w, m.accepted());
            return w.list(m.sets(), (x, set) -> x.list(set, RecordCodec::acceptor));
        }

        @Override
        public Writer visit(RenewRefused m) {
            RecordCodec.incarnation(w.u8(13), m.session());
            RecordCodec.acceptor(w.i64(m.sequence()), m.acceptor());
            RecordCodec.ballot(w, m.promised());
            RecordCodec.ballot(w, m.learned());
            return w;
        }

        @Override
        public Writer visit(Join m) {
            RecordCodec.host(w.u8(14).text(m.disk()), m.host());
            RecordCodec.ballot(w.i64(m.nonce()).text(m.willKey()), m.learned());
            return w.i64(m.over());
        }

        @Override
        public Writer visit(Offer m) {
            RecordCodec.incarnation(w.u8(15), m.session());
            RecordCodec.candidacies(w.i64(m.version()), m.candidacies());
            RecordCodec.rules(w, m.rules());
            RecordCodec.weights(w, m.capacity());
            RecordCodec.claims(w, m.claims());
            return w;
        }

        @Override
        public Writer visit(Release m) {
            RecordCodec.incarnation(w.u8(16), m.holder());
            return w.text(m.group())
                    .i64(m.token())
                    .optional(m.failure(), (x, s) -> x.u8(s.ordinal()))
                    .text(m.why());
        }

        @Override
        public Writer visit(Leave m) {
            RecordCodec.incarnation(w.u8(17), m.session());
            return w;
        }

        @Override
        public Writer visit(Move m) {
            RecordCodec.node(w.u8(18).i64(m.request()).text(m.group()), m.to());
            return w;
        }

        @Override
        public Writer visit(MoveRefused m) {
            return w.u8(19).i64(m.request()).text(m.group()).text(m.why());
        }

        @Override
        public Writer visit(Recover m) {
            RecordCodec.acceptor(w.u8(20), m.acceptor());
            return w.i64(m.life()).bool(m.isVoting());
        }

        @Override
        public Writer visit(Recovered m) {
            RecordCodec.acceptor(w.u8(21), m.from());
            RecordCodec.ballot(w.i64(m.life()).i64(m.known()), m.promised());
            RecordCodec.ballot(w, m.acceptedBallot());
            return w.optional(m.accepted(), RecordCodec::record);
        }

        @Override
        public Writer visit(Operate m) {
            RecordCodec.operation(w.u8(22).i64(m.request()), m.operation());
            return w;
        }

        @Override
        public Writer visit(Soft m) {
            return w.u8(23).text(m.group()).i64(m.token()).i64(m.number()).bytes(m.state());
        }

        @Override
        public Writer visit(Clear m) {
            RecordCodec.node(w.u8(24).i64(m.request()).text(m.group()), m.node());
            return w;
        }

        @Override
        public Writer visit(ClearAnswer m) {
            return w.u8(25).i64(m.request()).bool(m.isDone()).text(m.why());
        }

        @Override
        public Writer visit(Succeed m) {
            return w.u8(26)
                    .list(
                            m.words(),
                            (x, word) -> x.text(word.group())
                                    .i64(word.token())
                                    .i64(word.record())
                                    .bool(word.isReady()));
        }
    }
}
