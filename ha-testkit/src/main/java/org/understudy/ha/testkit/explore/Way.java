package org.understudy.ha.testkit.explore;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.testkit.explore.Local.Known;
import org.understudy.ha.testkit.explore.Nodes.Mail;
import org.understudy.ha.testkit.explore.Nodes.Result;

/** Tells what happened so that a person can follow it. */
final class Way {

    private final Setup setup;
    private final Nodes nodes;

    Way(Setup setup, Nodes nodes) {
        this.setup = setup;
        this.nodes = nodes;
    }

    /**
     * Something that happened.
     *
     * @param step of time
     * @param node to whom; -1 for a step of time
     * @param local the number of the state it was in before
     */
    record Event(int step, int node, int action, int local) {}

    List<String> tell(List<Event> events) {
        List<String> lines = new ArrayList<>();
        for (Event event : events) {
            lines.add("step " + event.step() + "  " + (event.node() < 0 ? "time passes" : line(event)));
        }
        return lines;
    }

    private String line(Event event) {
        Result result = nodes.after(event.local(), event.action());
        StringBuilder line = new StringBuilder(name(event.node())).append(' ').append(what(event));
        List<String> sent = new ArrayList<>();
        for (int number : result.sent()) {
            Mail mail = nodes.mail(number);
            sent.add(of(mail.message()) + " to " + name(mail.to()));
        }
        if (!sent.isEmpty()) {
            line.append("; sends ").append(String.join(", ", sent));
        }
        Local before = nodes.local(event.local());
        Local after = nodes.local(result.local());
        if (!after.learned().equals(before.learned()) && after.learned().isPresent()) {
            line.append("; takes ").append(of(after.learned().get())).append(" for chosen");
        }
        if (after.startedToken() != before.startedToken()) {
            line.append("; starts the group under token ").append(after.startedToken());
        }
        return line.toString();
    }

    private String what(Event event) {
        if (Action.isDelivery(event.action())) {
            Mail mail = nodes.mail(Action.message(event.action()));
            return "gets " + of(mail.message()) + " from " + name(mail.from());
        }
        return switch (Action.kind(event.action())) {
            case Action.WAKE -> "is woken";
            case Action.WRITTEN -> "has its oldest write on disk";
            case Action.ASK ->
                "is asked by an operator for "
                        + setup.operations(event.node())
                                .get(nodes.local(event.local()).past().operations())
                                .key();
            case Action.COPY -> "has its disk copied";
            case Action.GO_BACK -> "crashes and starts with the copy of its disk";
            default ->
                "crashes, " + (Action.kind(event.action()) - Action.CRASH)
                        + " of its unfinished writes on disk, and starts again";
        };
    }

    private String name(int node) {
        return setup.nodes.get(node).value();
    }

    static String of(Known known) {
        return of(known.value()) + " at " + known.ballot();
    }

    private static String of(ClusterRecord record) {
        String sessions = record.sessions().values().stream()
                .map(s -> s.incarnation().toString())
                .collect(Collectors.joining(","));
        return "#" + record.number() + "{" + sessions
                + (record.standby().isEmpty() ? "" : " standby " + record.standby())
                + (record.voters().isSettled() ? "" : " " + record.voters().phase()) + "}";
    }

    private static String of(Message message) {
        String name = message.getClass().getSimpleName();
        if (message instanceof Message.Prepare m) {
            return name + " " + m.ballot();
        } else if (message instanceof Message.Promise m) {
            return name + " " + m.ballot() + " (accepted " + m.acceptedBallot() + ")";
        } else if (message instanceof Message.Accept m) {
            return name + " " + of(new Known(m.ballot(), m.value())) + next(m.hasNext());
        } else if (message instanceof Message.Accepted m) {
            return name + " " + m.ballot() + next(m.hasNext());
        } else if (message instanceof Message.Refused m) {
            return name + " " + m.ballot() + " (" + m.why() + ")";
        } else if (message instanceof Message.Chosen m) {
            return name + " " + of(new Known(m.ballot(), m.value()));
        } else if (message instanceof Message.Renew m) {
            return name + " " + m.sequence();
        } else if (message instanceof Message.RenewAck m) {
            return name + " " + m.sequence();
        } else if (message instanceof Message.PreVoteAnswer m) {
            return name + " " + (m.isYes() ? "yes" : "no");
        } else if (message instanceof Message.Recover m) {
            return name + " as life " + m.life();
        } else if (message instanceof Message.Recovered m) {
            return name + " (promised " + m.promised() + ", accepted " + m.acceptedBallot() + ")";
        }
        return name;
    }

    private static String next(boolean hasNext) {
        return hasNext ? " and the next" : "";
    }
}
