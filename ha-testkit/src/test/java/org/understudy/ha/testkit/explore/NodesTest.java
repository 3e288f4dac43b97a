package org.understudy.ha.testkit.explore;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.understudy.ha.testkit.explore.LocalSteps.Outcome;
import org.understudy.ha.testkit.explore.LocalSteps.Sent;
import org.understudy.ha.testkit.explore.Nodes.Mail;
import org.understudy.ha.testkit.explore.Nodes.Result;

/** What was computed once for all equal nodes is what each of them does. */
class NodesTest {

    private static final int WALKS = 20;
    private static final int LENGTH = 60;

    @ParameterizedTest
    @EnumSource(Bound.class)
    void a_node_that_was_never_merged_with_an_equal_one_does_the_same(Bound bound) {
        Nodes nodes = new Nodes(bound.setup(), new MachineImage());
        int steps = 0;
        for (int seed = 0; seed < WALKS; seed++) {
            steps += walk(bound.setup(), nodes, new Random(seed));
        }
        assertThat(nodes.computed())
                .as("steps that were computed, of %d", steps)
                .isLessThan(steps);
    }

    /** The same things happen to nodes that share what was computed before, and to nodes that do not. */
    private static int walk(Setup setup, Nodes nodes, Random random) {
        MachineImage image = new MachineImage();
        LocalSteps alone = new LocalSteps(setup, image);
        int count = setup.nodes.size();
        int[] shared = new int[count];
        Local[] own = new Local[count];
        List<TreeSet<Integer>> inboxes = new ArrayList<>();
        for (int node = 0; node < count; node++) {
            inboxes.add(new TreeSet<>());
        }
        for (int node = 0; node < count; node++) {
            Result result = nodes.begin(node);
            shared[node] = result.local();
            own[node] = alone.begin(node).local();
            post(nodes, result, inboxes);
        }
        int step = 0;
        for (int i = 0; i < LENGTH; i++) {
            int node = random.nextInt(count);
            if (random.nextInt(20) == 0 && step < setup.stepsMax) {
                step++;
            }
            int action = action(setup, own[node], step, new ArrayList<>(inboxes.get(node)), random);
            Mail mail = Action.isDelivery(action) ? nodes.mail(Action.message(action)) : null;
            Result result = nodes.after(shared[node], action);
            Outcome outcome = alone.apply(
                    own[node], action, mail == null ? null : mail.message(), mail == null ? 0 : mail.from());

            assertThat(sent(nodes, result)).isEqualTo(outcome.sent());
            assertThat(key(image, nodes.local(result.local()))).isEqualTo(key(image, outcome.local()));
            shared[node] = result.local();
            own[node] = outcome.local();
            post(nodes, result, inboxes);
        }
        return LENGTH;
    }

    private static int action(Setup setup, Local local, int step, List<Integer> inbox, Random random) {
        if (local.step() < step) {
            return Action.of(Action.WAKE, step);
        }
        boolean mayAsk =
                local.past().operations() < setup.operations(local.node()).size();
        boolean mayCrash = setup.mayCrash(local.node()) && !setup.mayGoBack(local.node());
        int luck = random.nextInt(10);
        if (!local.writes().isEmpty() && luck < 4) {
            return Action.of(Action.WRITTEN, 0);
        } else if (mayAsk && luck < 7) {
            return Action.of(Action.ASK, 0);
        } else if (mayCrash && local.past().life() == 0 && luck == 7) {
            return Action.of(Action.CRASH, step);
        } else if (setup.mayGoBack(local.node()) && luck == 7) {
            return Action.of(local.copy().isPresent() ? Action.GO_BACK : Action.COPY, step);
        }
        return inbox.isEmpty() ? Action.of(Action.WAKE, step) : Action.deliver(inbox.get(random.nextInt(inbox.size())));
    }

    private static void post(Nodes nodes, Result result, List<TreeSet<Integer>> inboxes) {
        for (int message : result.sent()) {
            inboxes.get(nodes.mail(message).to()).add(message);
        }
    }

    private static List<Sent> sent(Nodes nodes, Result result) {
        List<Sent> sent = new ArrayList<>();
        for (int message : result.sent()) {
            Mail mail = nodes.mail(message);
            sent.add(new Sent(mail.to(), mail.message()));
        }
        return sent;
    }

    private static Words.Key key(MachineImage image, Local local) {
        Words words = new Words();
        local.write(image, words);
        return words.key();
    }
}
