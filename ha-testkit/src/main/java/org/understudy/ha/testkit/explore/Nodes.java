package org.understudy.ha.testkit.explore;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.testkit.explore.LocalSteps.Outcome;
import org.understudy.ha.testkit.explore.LocalSteps.Sent;
import org.understudy.ha.testkit.sim.Violation;

/** Every state of a node and every message found so far, by number, and what each action makes of each: computed once. */
final class Nodes {

    private final LocalSteps steps;
    private final MachineImage image;
    private final List<Local> locals = new ArrayList<>();
    private final Map<Words.Key, Integer> numbers = new HashMap<>();
    private final List<Mail> mails = new ArrayList<>();
    private final Map<Mail, Integer> mailNumbers = new HashMap<>();
    private final List<Result> results = new ArrayList<>();
    private final LongIntMap known = new LongIntMap();

    Nodes(Setup setup, MachineImage image) {
        this.steps = new LocalSteps(setup, image);
        this.image = image;
    }

    /** A message on its way. */
    record Mail(int from, int to, Message message) {}

    /**
     * What an action makes of a node.
     *
     * @param sent numbers of the messages it sent
     */
    record Result(int local, int[] sent, Optional<Violation> violation) {}

    Local local(int number) {
        return locals.get(number);
    }

    Mail mail(int number) {
        return mails.get(number);
    }

    int count() {
        return locals.size();
    }

    int computed() {
        return results.size();
    }

    /** A node at the beginning. */
    Result begin(int node) {
        return result(steps.begin(node));
    }

    Result after(int local, int action) {
        long key = LongIntMap.key(local, action);
        int found = known.get(key);
        if (found == LongIntMap.ABSENT) {
            Local from = locals.get(local);
            Outcome outcome;
            if (Action.isDelivery(action)) {
                Mail mail = mails.get(Action.message(action));
                outcome = steps.apply(from, action, mail.message(), mail.from());
            } else {
                outcome = steps.apply(from, action, null, 0);
            }
            found = results.size();
            results.add(result(outcome));
            known.put(key, found);
        }
        return results.get(found);
    }

    private Result result(Outcome outcome) {
        Words words = new Words();
        outcome.local().write(image, words);
        words.add(outcome.local().node());
        Integer number = numbers.putIfAbsent(words.key(), locals.size());
        if (number == null) {
            number = locals.size();
            locals.add(outcome.local());
        }
        int[] sent = new int[outcome.sent().size()];
        for (int i = 0; i < sent.length; i++) {
            Sent each = outcome.sent().get(i);
            sent[i] = mail(new Mail(outcome.local().node(), each.to(), each.message()));
        }
        return new Result(number, sent, outcome.violation());
    }

    private int mail(Mail mail) {
        Integer number = mailNumbers.putIfAbsent(mail, mails.size());
        if (number == null) {
            mails.add(mail);
            return mails.size() - 1;
        }
        return number;
    }
}
