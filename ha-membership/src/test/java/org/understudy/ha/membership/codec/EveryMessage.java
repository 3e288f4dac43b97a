package org.understudy.ha.membership.codec;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.config.Failback;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.message.Vote;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.BarrierClaim;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.Claims;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Holdings;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.NameClaim;
import org.understudy.ha.membership.core.record.Operation;
import org.understudy.ha.membership.core.record.OperatorWord;
import org.understudy.ha.membership.core.record.Rules;
import org.understudy.ha.membership.core.record.Rung;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.SessionEnd;
import org.understudy.ha.membership.core.record.Standing;
import org.understudy.ha.membership.core.record.Voters;

/** One message of each kind, and one state with something in every field: where mutations begin. */
public final class EveryMessage {
    public static final String CLUSTER = "shop";
    public static final NodeId A = NodeId.of("serv1");
    public static final NodeId B = NodeId.of("serv2");
    private static final NodeId W = NodeId.of("witness");
    private static final AcceptorId DISK_A = new AcceptorId(A, "aa");
    private static final AcceptorId DISK_B = new AcceptorId(B, "bb");
    private static final AcceptorId DISK_W = new AcceptorId(W, "cc");
    private static final Incarnation A1 = new Incarnation(A, 1);
    private static final Incarnation B1 = new Incarnation(B, 1);
    private static final Ballot BALLOT = new Ballot(9, "serv2/1");
    private static final HostIdentity HOST = new HostIdentity("m1", "b1", "8:12");

    static final Rules RULES = Rules.of(Placement.rules()
            .needs("memory", 8)
            .with("base")
            .preferWith("near")
            .apart("mail#2")
            .preferApart("batch")
            .after("base", "net")
            .priority(-3)
            .failback(Failback.whenStable(Duration.ofMinutes(5)))
            .policy("packed")
            .build());

    private EveryMessage() {}

    public static List<Message> all() {
        Vote vote = new Vote(DISK_B, 1, new TreeMap<>(Map.of(DISK_A, 1L, DISK_B, 2L)));
        return List.of(
                new Message.FormQuery("digest"),
                new Message.FormAnswer("digest", "bb", true, false),
                new Message.Prepare(BALLOT, true),
                new Message.Promise(BALLOT, vote, Ballot.NONE, Optional.of(record())),
                new Message.Accept(BALLOT, record(), true),
                new Message.AcceptOnRelease(
                        new Message.Accept(BALLOT, record(), true), B1, "files", 4, "asked to move to a", A),
                new Message.Accepted(BALLOT, vote, true),
                new Message.Refused(BALLOT, DISK_B, BALLOT, "promised"),
                new Message.PreVote(3, List.of(A1, B1)),
                new Message.PreVoteAnswer(3, DISK_B, true),
                new Message.Chosen(BALLOT, record()),
                new Message.Renew(B1, 5, 1_010_000_000L, BALLOT),
                new Message.RenewAck(B1, 5, DISK_B, BALLOT, List.of(List.of(DISK_A, DISK_B), List.of(DISK_W))),
                new Message.RenewRefused(B1, 5, DISK_B, BALLOT, Ballot.NONE),
                new Message.Join("bb", HOST, 77, "key", BALLOT, 3),
                new Message.Offer(
                        B1,
                        2,
                        candidacies(),
                        new TreeMap<>(Map.of("files", RULES, "mail", Rules.NONE)),
                        new TreeMap<>(Map.of("memory", 64)),
                        claims()),
                new Message.Release(B1, "files", 4, Optional.of(Severity.HARD), "no carrier"),
                new Message.Leave(B1),
                new Message.Move(6, "files", A),
                new Message.MoveRefused(6, "files", "no"),
                new Message.Succeed(List.of(
                        new Message.Succeed.Word("files", 4, 9, true), new Message.Succeed.Word("mail", 5, 10, false))),
                new Message.Recover(DISK_B, 2, true),
                new Message.Recovered(DISK_B, 2, 1, BALLOT, BALLOT, Optional.of(record())),
                new Message.Operate(8, new Operation(Operation.Kind.CONFIRM_DOWN, B, 1, "me", "burnt")),
                new Message.Operate(
                        9,
                        new Operation(
                                Operation.Kind.MAINTAIN, B, 0, Optional.of(Target.group("files")), "me", "works")),
                new Message.Soft("files", 4, 9, new byte[] {1, 0, -1}),
                new Message.Clear(12, "files", A),
                new Message.ClearAnswer(12, false, "not registered here"));
    }

    public static DurableState state() {
        return new DurableState(
                BALLOT,
                new Ballot(8, "serv1/1"),
                Optional.of(record()),
                new TreeMap<>(Map.of("files", 3L, "mail", 2L)),
                5,
                4,
                new TreeMap<>(Map.of(DISK_A, 5L, DISK_B, 3L)),
                true);
    }

    private static ClusterRecord record() {
        Grant held = new Grant(A1, 4, ProofKind.NEVER, Optional.empty(), true, List.of("address/10.0.0.5"));
        Grant over = new Grant(B1, 3, ProofKind.RELEASED, Optional.of(ProofKind.DIED), false, List.of());
        return new ClusterRecord(
                CLUSTER,
                0,
                12,
                Voters.of(List.of(DISK_A, DISK_B)).towards(List.of(DISK_A, DISK_B, DISK_W), 12),
                new TreeMap<>(Map.of(
                        A,
                        new Session(A1, 70, "aa", HOST, "key", 2, candidacies())
                                .withCapacity(new TreeMap<>(Map.of("memory", 64, "cpu", 4)))
                                .withHoldings(holdings()),
                        B,
                        new Session(B1, 71, "bb", HOST, "key", 1, new TreeMap<>()))),
                new TreeMap<>(Map.of(A, 1L, B, 1L, W, 2L)),
                List.of(new SessionEnd(
                        new Incarnation(W, 2), ProofKind.OPERATOR, "key", List.of("address/10.0.0.5"), "cc", HOST)),
                new TreeMap<>(Map.of(
                        "files", GroupRecord.NEW.withGrant(held).withMoveTo(Optional.of(B)),
                        "mail",
                                GroupRecord.NEW
                                        .withGrant(over)
                                        .withFatal("wrong everywhere")
                                        .withRules(RULES)
                                        .withHeld("base is not running"))),
                4,
                new TreeSet<>(List.of(B, W)),
                List.of(new OperatorWord(11, "what", "who", "why")),
                new TreeSet<>(List.of(Target.everything(), Target.group("files"), Target.node(B))));
    }

    private static TreeMap<String, Candidacy> candidacies() {
        return new TreeMap<>(Map.of(
                "files", new Candidacy(List.of(A, B), false, true, "", Presence.ABSENT, true, List.of("address/1")),
                "mail",
                        new Candidacy(
                                List.of(),
                                true,
                                false,
                                "no link",
                                Presence.UNKNOWN,
                                false,
                                List.of(),
                                -3L << 40,
                                true,
                                7,
                                9)));
    }

    static Claims claims() {
        return new Claims(
                new TreeMap<>(Map.of("queue", new NameClaim("10.0.0.5:4711", true))),
                new TreeMap<>(Map.of("rebuild", barrierClaim())));
    }

    private static Holdings holdings() {
        return new Holdings(
                claims().names(), new TreeMap<>(Map.of("rebuild", new Standing(barrierClaim(), 9, 11, 10))));
    }

    private static BarrierClaim barrierClaim() {
        return new BarrierClaim(11, 2, List.of(new Rung(-1, "suspend"), new Rung(5, "resume")), "overran");
    }
}
