package org.understudy.ha.membership.runtime;

import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Refusals.Reason;
import org.understudy.ha.membership.codec.FrameOrder;
import org.understudy.ha.membership.codec.MessageCodec;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.SessionEnd;
import org.understudy.ha.membership.guardian.LastWills;
import org.understudy.ha.membership.refusal.QuietLog;
import org.understudy.ha.membership.refusal.RefusalCounts;

/** What may come in to the machine: frames and last wills that are what they say they are. The rest is counted and told. Thread-safe. */
public final class Intake {
    private static final Logger LOG = LoggerFactory.getLogger(Intake.class);

    private final String cluster;
    private final Wills wills;
    private final RefusalCounts refusals;
    private final QuietLog log = new QuietLog(LOG);
    private final ReentrantLock lock = new ReentrantLock();
    private final FrameOrder order = new FrameOrder();

    public Intake(String cluster, RefusalCounts refusals) {
        this.cluster = cluster;
        this.wills = new Wills(cluster);
        this.refusals = refusals;
    }

    /**
     * The message in a frame that is new and speaks for whom it came from.
     *
     * @param from the node whose connection it came over
     */
    public Optional<Message> message(NodeId from, byte[] bytes) {
        MessageCodec.Frame frame;
        try {
            frame = MessageCodec.decode(bytes);
        } catch (MalformedMessageException e) {
            boolean isOther = MessageCodec.isOfOtherVersion(bytes);
            return refused(isOther ? Reason.OTHER_VERSION : Reason.MALFORMED, from, e.getMessage());
        }
        if (!frame.cluster().equals(cluster)) {
            return refused(Reason.OTHER_CLUSTER, from, "it is of cluster " + frame.cluster());
        }
        if (!frame.sender().equals(from)) {
            return refused(Reason.FORGED, from, "it speaks for " + frame.sender());
        }
        lock.lock();
        try {
            if (!order.isNew(from, frame.sequence())) {
                return refused(Reason.REPLAYED, from, "frame " + frame.sequence() + " or a later one was here before");
            }
        } finally {
            lock.unlock();
        }
        return Optional.of(frame.message());
    }

    /**
     * Whether a datagram may be a last will: signed by the guardian it names, or by one that this node does not know yet.
     *
     * @param learned where guardians' keys stand
     */
    public boolean isWill(byte[] datagram, Optional<ClusterRecord> learned) {
        LastWills.Verdict verdict = LastWills.open(
                        datagram,
                        (name, node, number) -> name.equals(cluster)
                                ? learned.flatMap(record -> key(record, new Incarnation(node, number)))
                                : Optional.empty())
                .verdict();
        boolean isOfCluster = wills.author(datagram).isPresent();
        if (verdict.isValid() || verdict == LastWills.Verdict.UNKNOWN_SENDER && isOfCluster) {
            return true;
        }
        refusals.count(
                switch (verdict) {
                    case UNSUPPORTED_VERSION -> Reason.OTHER_VERSION;
                    case UNKNOWN_SENDER -> Reason.OTHER_CLUSTER;
                    default -> Reason.FALSE_WILL;
                });
        log.warn("will", "Refused a datagram that is no last will of this cluster: " + verdict);
        return false;
    }

    /** Something good that this node had no room for. */
    public void overrun() {
        refusals.count(Reason.OVERRUN);
        log.warn("overrun", "This node cannot keep up: what arrives is dropped. Give it processor time");
    }

    private <T> Optional<T> refused(Reason reason, NodeId from, String why) {
        refusals.count(reason);
        log.warn(reason + "-" + from, "Refused a frame from node " + from + " (" + reason + "): " + why);
        return Optional.empty();
    }

    private static Optional<byte[]> key(ClusterRecord record, Incarnation author) {
        Optional<String> live = record.sessions().values().stream()
                .filter(session -> session.incarnation().equals(author))
                .map(Session::willKey)
                .findFirst();
        try {
            return live.or(() -> record.endOf(author).map(SessionEnd::willKey))
                    .filter(key -> !key.isEmpty())
                    .map(Base64.getDecoder()::decode);
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
    }
}
