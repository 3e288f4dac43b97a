package org.understudy.ha.membership.jfr;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Stall;

/** With a real recording, which whatever else is in this process would write to as well. */
@Timeout(120)
@Isolated
class FlightEventsTest {

    private static final Incarnation FROM = new Incarnation(NodeId.of("serv1"), 3);
    private static final Incarnation TO = new Incarnation(NodeId.of("serv2"), 4);

    private final LinkedBlockingQueue<RecordedEvent> events = new LinkedBlockingQueue<>();
    private final RecordingStream stream = new RecordingStream();

    @BeforeEach
    void begin() {
        stream.setReuse(false);
        for (String name : List.of("Decision", "Grant", "Takeover", "Stall", "StopFailed")) {
            stream.enable("org.understudy.ha." + name);
            stream.onEvent("org.understudy.ha." + name, events::add);
        }
        stream.startAsync();
    }

    @AfterEach
    void end() {
        stream.close();
    }

    @Test
    void what_was_given_is_a_grant_and_what_had_to_be_proved_a_takeover() throws Exception {
        RecordedEvent first = written(
                "Grant",
                e -> "NEVER".equals(e.getString("proof")),
                () -> FlightEvents.decided("serv3", granted(ProofKind.NEVER)));
        assertThat(first.getString("node")).isEqualTo("serv3");
        written(
                "Grant",
                e -> "RELEASED".equals(e.getString("proof")),
                () -> FlightEvents.decided("serv3", granted(ProofKind.RELEASED)));
        for (ProofKind proof : ProofKind.values()) {
            if (proof == ProofKind.NEVER || proof == ProofKind.RELEASED) {
                continue;
            }
            RecordedEvent event = written(
                    "Takeover",
                    e -> proof.name().equals(e.getString("proof")),
                    () -> FlightEvents.decided("serv3", granted(proof)));
            assertThat(event.getLong("number")).isEqualTo(17);
            assertThat(event.getString("kind")).isEqualTo("GRANTED");
            assertThat(event.getString("subject")).isEqualTo("files");
            assertThat(event.getString("from")).isEqualTo("serv1#3");
            assertThat(event.getString("to")).isEqualTo("serv2#4");
            assertThat(event.getLong("token")).isEqualTo(99);
            assertThat(event.getString("sentence")).isEqualTo("why");
        }
    }

    @Test
    void whatever_else_is_decided_is_a_decision() throws Exception {
        Decision gap = decision(Decision.Kind.GAP, "history", Optional.empty());
        RecordedEvent event =
                written("Decision", e -> "GAP".equals(e.getString("kind")), () -> FlightEvents.decided("serv3", gap));
        assertThat(event.getString("subject")).isEqualTo("history");
        assertThat(event.getString("proof")).isEmpty();
    }

    @Test
    void a_stall_says_how_long_and_what_it_may_take() throws Exception {
        Stall stall =
                new Stall(Duration.ofMillis(70), Duration.ofMillis(80), Duration.ofMillis(90), Duration.ofMillis(60));
        RecordedEvent event = written(
                "Stall",
                e -> "tick".equals(e.getString("part")),
                () -> FlightEvents.stalled("serv3", "tick", stall, true));
        assertThat(event.getDuration("took")).isEqualTo(Duration.ofMillis(70));
        assertThat(event.getDuration("margin")).isEqualTo(Duration.ofMillis(60));
        assertThat(event.getBoolean("marginUsedUp")).isTrue();
    }

    @Test
    void a_stop_that_failed_says_what_follows() throws Exception {
        RecordedEvent event = written(
                "StopFailed",
                e -> "files".equals(e.getString("group")),
                () -> FlightEvents.stopFailed("serv3", "files", "blocked"));
        assertThat(event.getString("node")).isEqualTo("serv3");
        assertThat(event.getString("consequence")).isEqualTo("blocked");
    }

    /** A text that is not flushed with its event is read as null, and one from before the recording has begun not at all: then it is written again. */
    private RecordedEvent written(String type, Predicate<RecordedEvent> isMeant, Runnable write) throws Exception {
        while (true) {
            write.run();
            for (RecordedEvent event = events.poll(2, TimeUnit.SECONDS);
                    event != null;
                    event = events.poll(0, TimeUnit.SECONDS)) {
                if (event.getEventType().getName().equals("org.understudy.ha." + type) && isMeant.test(event)) {
                    return event;
                }
            }
        }
    }

    private static Decision granted(ProofKind proof) {
        return decision(Decision.Kind.GRANTED, "files", Optional.of(proof));
    }

    private static Decision decision(Decision.Kind kind, String subject, Optional<ProofKind> proof) {
        return new Decision(
                17,
                Instant.EPOCH,
                kind,
                subject,
                Optional.of(FROM),
                Optional.of(TO),
                Optional.of(new FencingToken(99)),
                proof,
                "",
                5,
                true,
                "why");
    }
}
