package org.understudy.ha.membership.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.history.KeptPlan;
import org.understudy.ha.membership.core.plan.Answers;
import org.understudy.ha.membership.core.plan.Facts;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Operation;

/** What the planner was given: refused, or exactly what the codec would write. */
public final class PlanFuzz {
    private PlanFuzz() {}

    /** With something in every field. */
    public static KeptPlan plan() {
        ClusterRecord record = EveryMessage.state().accepted().orElseThrow();
        NodeId a = EveryMessage.A;
        NodeId b = EveryMessage.B;
        Incarnation b1 = new Incarnation(b, 1);
        Facts facts = new Facts(
                new TreeMap<>(Map.of(b, new Facts.Admission(5, "bb", new HostIdentity("m", "b", "l"), "key", 3))),
                new TreeMap<>(Map.of(
                        b1,
                        new Facts.Offered(
                                2,
                                record.sessions().get(a).candidacies(),
                                new TreeMap<>(Map.of(
                                        "files", record.groups().get("files").rules())),
                                new TreeMap<>(Map.of("memory", 4)),
                                EveryMessage.claims()))),
                new TreeMap<>(Map.of("files", new Facts.Given(b1, 4, Optional.of(Severity.HARD), "no disk"))),
                new TreeSet<>(List.of(b1)),
                new TreeMap<>(Map.of(b1, List.of("address/10.0.0.5"))),
                new TreeSet<>(List.of(b1, new Incarnation(a, 1))),
                new TreeMap<>(Map.of("files", b)),
                new TreeSet<>(List.of(a, b)),
                7,
                List.of(new Operation(Operation.Kind.MAINTAIN, a, 0, Optional.of(Target.group("files")), "me", "why")),
                new TreeSet<>(List.of("files")),
                true,
                new TreeMap<>(Map.of("files", new TreeSet<>(List.of(a, b)))),
                new TreeMap<>());
        List<Answers.Answer> answers = List.of(
                new Answers.Answer("cheapest", "files", List.of(b, a), ""),
                new Answers.Answer("cheapest", "mail", List.of(), "it was late a while ago"));
        return new KeptPlan(3, 9, EveryMessage.state().promised(), record, facts, answers, record.withNumber(13));
    }

    public static List<byte[]> seeds() {
        return List.of(PlanCodec.encode(plan()));
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        KeptPlan plan;
        try {
            plan = PlanCodec.decode(bytes);
        } catch (MalformedMessageException refused) {
            return;
        }
        assertArrayEquals(bytes, PlanCodec.encode(plan));
    }
}
