package org.understudy.ha.testkit.sink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.StaleTokenException;
import org.understudy.ha.api.sink.FencedSink;

/**
 * What every {@link FencedSink} must do, as far as one process can see it: extend it, give it a fresh sink for each test method, and
 * run it against the real thing.
 *
 * <pre>
 * class OrdersTableTest extends FencedSinkContract {
 *     &#64;Override protected FencedSink open() { return new OrdersTable(dataSource); }
 *     &#64;Override protected void effect(FencedSink sink, FencingToken token, String mark) { ((OrdersTable) sink).insert(token, mark); }
 *     &#64;Override protected List&lt;String&gt; effects() { return select("mark … order by id"); }
 * }
 * </pre>
 *
 * <p>It cannot see a crash of the process or of the host between two steps: test those with the storage's own means.
 */
@Timeout(60)
public abstract class FencedSinkContract {

    private static final int WRITERS = 4;
    private static final int EFFECTS_EACH = 25;

    /** For subclasses. */
    protected FencedSinkContract() {}

    /**
     * Opens the sink of this test method on its storage, as a process would after its start. Called several times; each call gives
     * an object that knows nothing but what the storage holds. The storage is new for each test method.
     */
    protected abstract FencedSink open();

    /**
     * Makes one effect under a token.
     *
     * @param sink from {@link #open()}
     * @param mark what the effect is recognised by, unique in the test; letters, digits and hyphens
     * @throws StaleTokenException if the sink refuses the token
     */
    protected abstract void effect(FencedSink sink, FencingToken token, String mark);

    /** The marks of the effects that the storage shows, in the order they were made. */
    protected abstract List<String> effects();

    @Test
    protected void a_new_sink_has_admitted_nothing() {
        assertEquals(Optional.empty(), open().highest());
        assertEquals(List.of(), effects());
    }

    @Test
    protected void an_admitted_token_is_the_highest_for_whoever_opens_the_sink() {
        open().admit(token(7));

        assertEquals(Optional.of(token(7)), open().highest());
    }

    @Test
    protected void a_lower_token_is_refused_with_both_tokens_and_changes_nothing() {
        FencedSink sink = open();
        sink.admit(token(7));

        StaleTokenException refusal = assertThrows(StaleTokenException.class, () -> sink.admit(token(6)));

        assertEquals(token(6), refusal.offered());
        assertEquals(token(7), refusal.highest());
        assertEquals(HaException.Category.REPLACED, refusal.category());
        assertEquals(Optional.of(token(7)), sink.highest());
    }

    @Test
    protected void an_equal_token_is_accepted_again() {
        FencedSink sink = open();
        sink.admit(token(7));
        sink.admit(token(7));
        effect(sink, token(7), "one");
        effect(open(), token(7), "two");

        assertEquals(List.of("one", "two"), effects());
        assertEquals(Optional.of(token(7)), sink.highest());
    }

    @Test
    protected void an_effect_admits_its_token() {
        effect(open(), token(9), "one");

        assertEquals(Optional.of(token(9)), open().highest());
        assertThrows(StaleTokenException.class, () -> open().admit(token(8)));
    }

    @Test
    protected void a_stale_effect_leaves_no_trace() {
        FencedSink stale = open();
        effect(stale, token(7), "before");
        open().admit(token(8));

        assertThrows(StaleTokenException.class, () -> effect(stale, token(7), "stale"));

        assertEquals(List.of("before"), effects());
        assertEquals(Optional.of(token(8)), stale.highest());
    }

    @Test
    protected void the_highest_survives_reopening_and_so_does_the_refusal() {
        effect(open(), token(7), "seven");
        effect(open(), token(1L << 48 | 1), "next-generation");

        assertThrows(StaleTokenException.class, () -> effect(open(), token(7), "late"));

        assertEquals(List.of("seven", "next-generation"), effects());
        assertEquals(Optional.of(token(1L << 48 | 1)), open().highest());
    }

    /** Every writer admits and writes under ever higher tokens: in the order of the effects no token may follow a higher one. */
    @Test
    protected void racing_writers_never_write_behind_a_newer_one() throws InterruptedException, ExecutionException {
        ExecutorService writers = Executors.newFixedThreadPool(WRITERS);
        try {
            List<Callable<List<String>>> tasks = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                int writer = i;
                tasks.add(() -> write(writer));
            }
            List<String> acknowledged = new ArrayList<>();
            for (Future<List<String>> done : writers.invokeAll(tasks)) {
                acknowledged.addAll(done.get());
            }
            List<String> found = effects();
            long newest = 0;
            for (String mark : found) {
                long token = Long.parseLong(mark.substring(0, mark.indexOf('-')));
                assertTrue(token >= newest, () -> "an effect under an older token follows a newer one: " + found);
                newest = token;
            }
            assertEquals(
                    acknowledged.stream().sorted().toList(),
                    found.stream().sorted().toList());
            assertEquals(Optional.of(token(newest)), open().highest());
        } finally {
            writers.shutdownNow();
        }
    }

    private List<String> write(int writer) {
        FencedSink sink = open();
        List<String> acknowledged = new ArrayList<>();
        for (int i = 0; i < EFFECTS_EACH; i++) {
            long token = 1 + (long) i * WRITERS + writer;
            String mark = token + "-of-" + writer;
            try {
                effect(sink, token(token), mark);
                acknowledged.add(mark);
            } catch (StaleTokenException e) {
                assertTrue(e.highest().isNewerThan(token(token)), e.getMessage());
            }
        }
        return acknowledged;
    }

    private static FencingToken token(long value) {
        return new FencingToken(value);
    }
}
