package org.understudy.ha.membership.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Target;
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

class MessageCodecProperties {

    private static final NodeId SERV1 = NodeId.of("serv1");
    private static final HostIdentity HOST = new HostIdentity("m1", "b1", "8:12");

    @Property(tries = 500)
    void every_message_comes_back_as_it_was(@ForAll("messages") Message message) {
        byte[] frame = MessageCodec.encode("shop", SERV1, 7, message);
        MessageCodec.Frame back = MessageCodec.decode(frame);
        assertThat(back.message()).isEqualTo(message);
        assertThat(back.cluster()).isEqualTo("shop");
        assertThat(back.sender()).isEqualTo(SERV1);
        assertThat(back.sequence()).isEqualTo(7);
    }

    @Property(tries = 300)
    void every_truncation_is_refused(@ForAll("messages") Message message, @ForAll @IntRange(max = 4000) int cut) {
        byte[] frame = MessageCodec.encode("shop", SERV1, 7, message);
        byte[] shorter = Arrays.copyOf(frame, cut % frame.length);
        assertThatThrownBy(() -> MessageCodec.decode(shorter)).isInstanceOf(MalformedMessageException.class);
    }

    @Property(tries = 300)
    void bytes_too_many_are_refused(@ForAll("messages") Message message) {
        byte[] frame = MessageCodec.encode("shop", SERV1, 7, message);
        byte[] longer = Arrays.copyOf(frame, frame.length + 1);
        assertThatThrownBy(() -> MessageCodec.decode(longer)).isInstanceOf(MalformedMessageException.class);
    }

    @Property(tries = 1000)
    void altered_bytes_are_decoded_or_refused_but_never_anything_else(
            @ForAll("messages") Message message, @ForAll @IntRange(max = 4000) int at, @ForAll byte value) {
        byte[] frame = MessageCodec.encode("shop", SERV1, 7, message);
        frame[at % frame.length] = value;
        try {
            assertThat(MessageCodec.decode(frame).message()).isNotNull();
        } catch (MalformedMessageException e) {
            assertThat(e.offset()).isNotNegative();
        }
    }

    @Property(tries = 300)
    void the_durable_state_comes_back_and_equal_states_have_equal_bytes(@ForAll("records") ClusterRecord record) {
        TreeMap<String, Long> released = new TreeMap<>();
        released.put("files", 3L);
        DurableState state = new DurableState(
                new Ballot(9, "serv2"),
                new Ballot(8, "serv1"),
                Optional.of(record),
                released,
                5,
                4,
                new TreeMap<>(Map.of(new AcceptorId(SERV1, "ffff"), 3L)),
                true);
        byte[] bytes = RecordCodec.encode(state);
        DurableState back = RecordCodec.decodeDurable(bytes);
        assertThat(back).isEqualTo(state);
        assertThat(RecordCodec.encode(back)).isEqualTo(bytes);
    }

    @Property(tries = 1)
    void a_word_for_an_incarnation_that_cannot_be_is_refused_before_anybody_plans_with_it() {
        Message operate = new Message.Operate(
                7, new Operation(Operation.Kind.CONFIRM_DOWN, SERV1, 0x0102030405060708L, "me", "burnt"));
        byte[] frame = MessageCodec.encode("shop", SERV1, 1, operate);
        String hex = HexFormat.of().formatHex(frame);
        byte[] without = HexFormat.of().parseHex(hex.replace("0102030405060708", "0000000000000000"));

        assertThat(MessageCodec.decode(frame).message()).isEqualTo(operate);
        assertThatThrownBy(() -> MessageCodec.decode(without))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("incarnation 0");
    }

    @Property(tries = 1)
    void a_record_in_which_one_disk_votes_twice_is_refused() {
        ClusterRecord three = ClusterRecord.first(
                "shop",
                List.of(new AcceptorId(SERV1, "aaaa"), new AcceptorId(SERV1, "bbbb"), new AcceptorId(SERV1, "cccc")));
        DurableState state = new DurableState(
                new Ballot(1, "serv1"),
                new Ballot(1, "serv1"),
                Optional.of(three),
                new TreeMap<>(),
                1,
                1,
                new TreeMap<>(),
                false);
        String hex = HexFormat.of().formatHex(RecordCodec.encode(state));
        byte[] twice = HexFormat.of().parseHex(hex.replace("62626262", "61616161"));

        assertThatThrownBy(() -> RecordCodec.decodeDurable(twice))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("named twice");
    }

    @Property(tries = 1)
    void a_newer_state_is_refused_with_a_remedy() {
        byte[] bytes = RecordCodec.encode(DurableState.EMPTY);
        bytes[0] = 4;
        assertThatThrownBy(() -> RecordCodec.decodeDurable(bytes))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("version 4")
                .hasMessageContaining("run the version that wrote it");
    }

    // ---- values --------------------------------------------------------------------------------------------------

    @Provide
    Arbitrary<Message> messages() {
        Arbitrary<Message> small = Combinators.combine(ballots(), acceptors(), incarnations(), longs())
                .flatAs((ballot, acceptor, who, number) -> Arbitraries.of(
                        new Message.FormQuery("digest"),
                        new Message.FormAnswer("digest", "ab12", true, false),
                        new Message.Prepare(ballot, number % 2 == 0),
                        new Message.Promise(ballot, vote(acceptor, number), Ballot.NONE, Optional.empty()),
                        new Message.Accepted(ballot, vote(acceptor, number), number % 2 == 0),
                        new Message.Refused(ballot, acceptor, ballot, "promised"),
                        new Message.PreVote(number, List.of(who)),
                        new Message.PreVoteAnswer(number, acceptor, true),
                        new Message.Renew(who, number, 1_010_000_000L, ballot),
                        new Message.RenewAck(who, number, acceptor, ballot, List.of(List.of(acceptor), List.of())),
                        new Message.RenewRefused(who, number, acceptor, ballot, ballot),
                        new Message.Join("ab12", HOST, number, "key", ballot, number),
                        new Message.Recover(acceptor, number, number % 2 == 0),
                        new Message.Operate(
                                number, new Operation(Operation.Kind.CONFIRM_DOWN, who.node(), number, "me", "burnt")),
                        new Message.Operate(
                                number,
                                new Operation(
                                        Operation.Kind.MAINTAIN,
                                        who.node(),
                                        0,
                                        Optional.of(Target.everything()),
                                        "me",
                                        "works")),
                        new Message.Release(who, "files", number, Optional.of(Severity.HARD), "carrier"),
                        new Message.Release(who, "files", number, Optional.empty(), "ünï"),
                        new Message.Leave(who),
                        new Message.Move(number, "files", who.node()),
                        new Message.Succeed(List.of(new Message.Succeed.Word("files", number, 7, number % 2 == 0))),
                        new Message.MoveRefused(number, "files", "no")));
        Arbitrary<Message> large = Combinators.combine(ballots(), acceptors(), records(), incarnations())
                .flatAs((ballot, acceptor, record, who) -> Arbitraries.of(
                        new Message.Promise(ballot, vote(acceptor, 7), ballot, Optional.of(record)),
                        new Message.Recovered(acceptor, 3, 2, ballot, ballot, Optional.of(record)),
                        new Message.Accept(ballot, record, record.number() % 2 == 0),
                        new Message.Chosen(ballot, record),
                        new Message.Offer(who, 3, candidacies()),
                        new Message.Offer(
                                who,
                                3,
                                candidacies(),
                                new TreeMap<>(Map.of("files", EveryMessage.RULES, "mail", Rules.NONE)),
                                new TreeMap<>(Map.of("memory", 64)),
                                claims())));
        return Arbitraries.oneOf(small, large);
    }

    @Provide
    Arbitrary<ClusterRecord> records() {
        return Combinators.combine(incarnations(), longs(), Arbitraries.of(ProofKind.values()), acceptors())
                .as((who, number, proof, acceptor) -> {
                    TreeMap<NodeId, Session> sessions = new TreeMap<>();
                    sessions.put(
                            who.node(),
                            new Session(who, number, "ab12", HOST, "key", 2, candidacies())
                                    .withCapacity(new TreeMap<>(Map.of("memory", 64)))
                                    .withHoldings(holdings()));
                    TreeMap<NodeId, Long> incarnations = new TreeMap<>();
                    incarnations.put(who.node(), who.number());
                    TreeMap<String, GroupRecord> groups = new TreeMap<>();
                    Grant grant = new Grant(who, number, proof, Optional.of(proof), true, List.of("address/10.0.0.5"));
                    groups.put("files", GroupRecord.NEW.withGrant(grant).withMoveTo(Optional.of(who.node())));
                    groups.put(
                            "mail",
                            GroupRecord.NEW
                                    .withFatal("wrong everywhere")
                                    .withRules(EveryMessage.RULES)
                                    .withHeld("files is not running"));
                    return new ClusterRecord(
                            "shop",
                            0,
                            number,
                            Voters.of(List.of(acceptor))
                                    .towards(List.of(acceptor, new AcceptorId(SERV1, "eeee")), number),
                            sessions,
                            incarnations,
                            List.of(new SessionEnd(who, proof, "key", List.of("address/10.0.0.5"), "ab12", HOST)),
                            groups,
                            number,
                            new TreeSet<>(List.of(SERV1)),
                            List.of(new OperatorWord(number, "what", "who", "why")),
                            new TreeSet<>(List.of(Target.group("files"), Target.node(SERV1))));
                });
    }

    private static TreeMap<String, Candidacy> candidacies() {
        TreeMap<String, Candidacy> all = new TreeMap<>();
        all.put("files", new Candidacy(List.of(SERV1), false, true, "", Presence.ABSENT, true, List.of("address/1")));
        all.put(
                "mail",
                new Candidacy(List.of(), true, false, "no link", Presence.UNKNOWN, false, List.of(), -3L << 40, true)
                        .withRules(7)
                        .withRuns(9));
        return all;
    }

    private static Vote vote(AcceptorId acceptor, long life) {
        return new Vote(acceptor, life, new TreeMap<>(Map.of(acceptor, life)));
    }

    private static Arbitrary<Ballot> ballots() {
        return Combinators.combine(longs(), Arbitraries.of("serv1", "serv2")).as(Ballot::new);
    }

    private static Arbitrary<AcceptorId> acceptors() {
        return Combinators.combine(nodes(), Arbitraries.of("ab12", "ffff")).as(AcceptorId::new);
    }

    private static Arbitrary<Incarnation> incarnations() {
        return Combinators.combine(nodes(), longs()).as(Incarnation::new);
    }

    private static Arbitrary<NodeId> nodes() {
        return Arbitraries.of(SERV1, NodeId.of("serv2"), NodeId.of("witness"));
    }

    private static Arbitrary<Long> longs() {
        return Arbitraries.longs().greaterOrEqual(1);
    }

    private static Claims claims() {
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
