package org.understudy.ha.membership.admin;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.understudy.ha.api.Advisor;
import org.understudy.ha.api.Advisor.Candidate;
import org.understudy.ha.api.Advisor.Change;
import org.understudy.ha.api.Advisor.Explanation;
import org.understudy.ha.api.Advisor.Forecast;
import org.understudy.ha.api.Assumptions;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.History.Replay;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.Metrics;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Operator;
import org.understudy.ha.api.Operator.Cleared;
import org.understudy.ha.api.Resources.MoveResult;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.Troubles;
import org.understudy.ha.membership.core.admin.AdminAnswer;
import org.understudy.ha.membership.core.admin.AdminAnswer.Outcome;
import org.understudy.ha.membership.core.admin.AdminRequest;
import org.understudy.ha.membership.core.admin.Value;
import org.understudy.ha.membership.core.admin.Value.Fields;
import org.understudy.ha.membership.core.admin.Value.Rows;
import org.understudy.ha.membership.core.admin.Value.Text;
import org.understudy.ha.membership.core.plan.Part;

/** Answers requests by what anybody can ask of a node. Any thread; orders wait for their outcome, at most as long as they say. */
public final class AdminDesk implements Function<AdminRequest, AdminAnswer> {

    private static final int ENTRIES = 20;
    private static final int ENTRIES_MAX = 4096;
    private static final long SECONDS = 30;
    private static final long SECONDS_MAX = 600;
    private static final long OPERATOR_SECONDS = 20;
    private static final long A_WHILE_NANOS = 1_000_000_000L;
    private static final long FOLLOW_NANOS = 20_000_000L;

    private final HaNode node;
    private final Map<String, Function<AdminRequest, AdminAnswer>> verbs = new LinkedHashMap<>();

    public AdminDesk(HaNode node) {
        this.node = node;
        verbs.put("status", this::status);
        verbs.put("health", this::health);
        verbs.put("owns", this::owns);
        verbs.put("explain", this::explain);
        verbs.put("whatif", this::whatIf);
        verbs.put("history", this::history);
        verbs.put("replay", this::replay);
        verbs.put("assumptions", this::assumptions);
        verbs.put("metrics", this::metrics);
        verbs.put("move", this::move);
        verbs.put("standby", request -> operate(request, node.operator()::standby));
        verbs.put("activate", request -> operate(request, node.operator()::activate));
        verbs.put("drain", this::drain);
        verbs.put("maintenance", this::maintenance);
        verbs.put("resume", this::resume);
        verbs.put("clear", this::clear);
        verbs.put("forget", this::forget);
        verbs.put("confirmdown", this::confirmDown);
        verbs.put("admit", request -> outcome(node.operator().admit(NodeId.of(required(request, "node")))));
        verbs.put("remove", request -> outcome(node.operator().remove(NodeId.of(required(request, "node")))));
        verbs.put(
                "vouch",
                request -> outcome(node.operator().vouchForDisk(required(request, "who"), required(request, "why"))));
        verbs.put(
                "force",
                request -> outcome(node.operator().forceRecord(required(request, "who"), required(request, "why"))));
    }

    @Override
    public AdminAnswer apply(AdminRequest request) {
        Function<AdminRequest, AdminAnswer> verb = verbs.get(request.verb());
        if (verb == null) {
            return AdminAnswer.of(
                    Outcome.NOT_UNDERSTOOD,
                    "this node knows no command " + request.verb() + "; it knows " + String.join(", ", verbs.keySet()));
        }
        return answer(verb, request);
    }

    private static AdminAnswer answer(Function<AdminRequest, AdminAnswer> verb, AdminRequest request) {
        try {
            return verb.apply(request);
        } catch (ConfigurationException e) {
            return AdminAnswer.of(Outcome.NOT_UNDERSTOOD, e.getMessage());
        } catch (HaException e) {
            return AdminAnswer.of(Outcome.REFUSED, e.getMessage());
        }
    }

    // ---- looking -------------------------------------------------------------------------------------------------

    private AdminAnswer status(AdminRequest request) {
        Metrics metrics = node.metrics();
        Metrics.Health health = metrics.health();
        Operator.Switches switches = node.operator().switches();
        Fields fields = Fields.NONE
                .and("node", node.id().value())
                .and("state", node.state().name())
                .and("ready", health.isReady())
                .and("reason", health.reason())
                .and("owner", health.mayOwn())
                .and("whyNoOwner", health.whyNoOwner())
                .and("standby", texts(List.copyOf(switches.standby())))
                .and("maintenance", texts(switches.maintenance()))
                .and(
                        "guardian",
                        metrics.find("ha.guardian", Map.of())
                                .filter(metric -> metric.value() > 0)
                                .isPresent())
                .and("quorum", node.quorum().isQuorate())
                .and("votes", node.quorum().acceptors())
                .and("reachable", texts(node.membership().view().members()))
                .and("groups", groups(node.resources().status()));
        return AdminAnswer.of(fields);
    }

    /** Three questions; which of them decides the outcome is the asker's. */
    private AdminAnswer health(AdminRequest request) {
        Metrics.Health health = node.metrics().health();
        Fields fields = Fields.NONE
                .and("node", node.id().value())
                .and("live", health.isLive())
                .and("ready", health.isReady())
                .and("owner", health.mayOwn())
                .and("reason", health.reason())
                .and("whyNoOwner", health.whyNoOwner());
        String asked = request.word("for").orElse("owner");
        boolean isSo = switch (asked) {
            case "live" -> health.isLive();
            case "ready" -> health.isReady();
            case "owner" -> health.mayOwn();
            default -> throw new ConfigurationException("for", asked, "say live, ready or owner");
        };
        return new AdminAnswer(isSo ? Outcome.DONE : Outcome.REFUSED, "", fields);
    }

    private AdminAnswer owns(AdminRequest request) {
        return AdminAnswer.of(groups(request.word("group")
                .map(this::parts)
                .orElseGet(() -> node.resources().status())));
    }

    private static Rows groups(List<GroupStatus> statuses) {
        List<Value> rows = new ArrayList<>();
        for (GroupStatus status : statuses) {
            rows.add(Fields.NONE
                    .and("group", status.group())
                    .and("part", status.title())
                    .and("state", status.state().name())
                    .and("holder", status.isHeld() ? status.holder() : Optional.empty())
                    .and("last", status.holder())
                    .and("token", token(status.token()))
                    .and("proof", status.proof())
                    .and("over", status.over())
                    .and("there", status.atHolder())
                    .and("reason", status.reason())
                    .and("troubles", troubles(status.troubles())));
        }
        return new Rows(rows);
    }

    private static Value troubles(Troubles troubles) {
        List<Value> rows = new ArrayList<>();
        for (Troubles.Failures failed : troubles.failures()) {
            rows.add(Fields.NONE
                    .and("resource", failed.resource())
                    .and("count", failed.count())
                    .and("severity", failed.severity().name())
                    .and("reason", failed.reason()));
        }
        return Fields.NONE
                .and("failures", new Rows(rows))
                .and("holdSeconds", troubles.hold().toSeconds())
                .and("hold", troubles.holdReason())
                .and("hanging", troubles.hanging())
                .and("lateReturns", troubles.lateReturns())
                .and("contradictions", troubles.contradictions())
                .and(
                        "leakedThreads",
                        new Rows(troubles.leakedThreads().stream()
                                .<Value>map(Text::new)
                                .toList()));
    }

    /** Of a group, or one part of it if that is named. */
    private List<GroupStatus> parts(String called) {
        String name = Part.named(called);
        List<GroupStatus> parts = node.resources().parts(Part.groupOf(name));
        List<GroupStatus> named =
                parts.stream().filter(part -> Part.nameOf(part).equals(name)).toList();
        return named.isEmpty() ? parts : named;
    }

    /** Why the group is where it is or not on a node, what ends it there, and what was decided about it last. */
    private AdminAnswer explain(AdminRequest request) {
        String group = Part.named(required(request, "group"));
        Explanation why = request.word("node")
                .map(NodeId::of)
                .map(node -> this.node.advisor().whyNot(group, node))
                .orElseGet(() -> node.advisor().explain(group));
        List<Value> candidates = new ArrayList<>();
        boolean isScored =
                why.candidates().stream().anyMatch(each -> each.score().isPresent());
        for (Candidate candidate : why.candidates()) {
            Fields one = Fields.NONE
                    .and("node", candidate.node().value())
                    .and("possible", candidate.isPossible())
                    .and("reason", candidate.reason());
            candidates.add(isScored ? one.and("score", score(candidate)) : one);
        }
        List<Value> decisions = new ArrayList<>();
        for (Decision decision : node.history().newest(group, count(request, 5))) {
            decisions.add(row(decision));
        }
        return AdminAnswer.of(Fields.NONE
                .and("group", Part.groupOf(group))
                .and("part", Part.title(group))
                .and("why", why.sentence())
                .and("holder", why.holder())
                .and("proof", why.proof())
                .and("coverage", coverage(Part.groupOf(group)))
                .and("candidates", new Rows(candidates))
                .and("decisions", new Rows(decisions)));
    }

    private static Value score(Candidate candidate) {
        return candidate.score().isPresent() ? new Value.Whole(candidate.score().getAsLong()) : new Value.Nothing();
    }

    /** What would become of every group if all that happened at once. */
    private AdminAnswer whatIf(AdminRequest request) {
        List<Change> changes = new ArrayList<>();
        several(request, "lost").forEach(name -> changes.add(new Change.NodeLost(NodeId.of(name))));
        several(request, "standby").forEach(name -> changes.add(new Change.Standby(NodeId.of(name))));
        several(request, "maintenance").forEach(name -> changes.add(new Change.Maintenance(target(name))));
        if (changes.isEmpty()) {
            throw new ConfigurationException("whatif", "(nothing)", "name a node lost, on standby or in maintenance");
        }
        Forecast forecast = node.advisor().whatIf(changes.toArray(Change[]::new));
        List<Value> rows = new ArrayList<>();
        for (Advisor.Outcome outcome : forecast.outcomes()) {
            rows.add(Fields.NONE
                    .and("group", outcome.group())
                    .and("part", Part.title(outcome.group()))
                    .and("now", outcome.before())
                    .and("then", outcome.after())
                    .and("change", outcome.isChange())
                    .and("reason", outcome.reason()));
        }
        return AdminAnswer.of(Fields.NONE.and("forecast", forecast.sentence()).and("groups", new Rows(rows)));
    }

    private static List<String> several(AdminRequest request, String name) {
        return request.word(name).map(words -> List.of(words.split(","))).orElse(List.of());
    }

    /** {@code everything}, {@code group NAME} or {@code node NAME}. */
    private static Target target(String text) {
        if (text.equals(Target.everything().toString())) {
            return Target.everything();
        }
        String[] words = text.split(" ", 2);
        if (words.length == 2 && words[0].equals("group")) {
            return Target.group(words[1]);
        }
        if (words.length == 2 && words[0].equals("node")) {
            return Target.node(NodeId.of(words[1]));
        }
        throw new ConfigurationException("target", text, "say everything, group NAME or node NAME");
    }

    private Value coverage(String group) {
        try {
            return new Value.Text(node.resources().coverage(group).toString());
        } catch (LifecycleException e) {
            // Registered on other nodes only.
            return new Value.Nothing();
        }
    }

    private AdminAnswer history(AdminRequest request) {
        int max = count(request, ENTRIES);
        List<Decision> decisions = request.word("group")
                .map(group -> node.history().newest(Part.named(group), max))
                .orElseGet(() -> node.history().newest(max));
        if (decisions.isEmpty()) {
            // A name that nobody knows is refused with those that are known.
            request.word("group").ifPresent(this::parts);
        }
        return AdminAnswer.of(new Rows(decisions.stream().map(AdminDesk::row).toList()));
    }

    private static Value row(Decision d) {
        return Fields.NONE
                .and("number", d.number())
                .and("at", d.at().toString())
                .and("kind", d.kind().name())
                .and("subject", d.subject())
                .and("part", d.group().map(Part::title))
                .and("from", d.from())
                .and("to", d.to())
                .and("token", token(d.token()))
                .and("proof", d.proof())
                .and("record", d.record())
                .and("own", d.isOwn())
                .and("sentence", d.sentence());
    }

    private AdminAnswer replay(AdminRequest request) {
        Replay replay = node.history().replay(number(request, "number", 0, Long.MAX_VALUE, Optional.empty()));
        return new AdminAnswer(
                switch (replay.outcome()) {
                    case SAME -> Outcome.DONE;
                    case DIFFERENT -> Outcome.REFUSED;
                    case NOT_KEPT -> Outcome.UNKNOWN;
                },
                replay.sentence(),
                Fields.NONE.and("outcome", replay.outcome().name()));
    }

    private AdminAnswer assumptions(AdminRequest request) {
        Assumptions now = node.assumptions();
        return new AdminAnswer(
                Outcome.DONE,
                now.toString(),
                Fields.NONE
                        .and("absent", texts(now.absent()))
                        .and("weaknesses", texts(now.weaknesses()))
                        .and("restsOn", texts(now.restsOn())));
    }

    private AdminAnswer metrics(AdminRequest request) {
        List<Value> rows = new ArrayList<>();
        for (Metrics.Metric metric : node.metrics().values()) {
            SortedMap<String, String> own = new TreeMap<>(metric.tags());
            own.remove("cluster");
            own.remove("node");
            Fields tags = Fields.NONE;
            for (Map.Entry<String, String> tag : own.entrySet()) {
                tags = tags.and(tag.getKey(), tag.getValue());
            }
            rows.add(Fields.NONE
                    .and("name", metric.name())
                    .and("tags", tags)
                    .and("value", new Value.Real(metric.value()))
                    .and("unit", metric.unit())
                    .and("kind", metric.kind().name())
                    .and("description", metric.description()));
        }
        return AdminAnswer.of(new Rows(rows));
    }

    private static Rows texts(List<?> values) {
        return new Rows(
                values.stream().<Value>map(v -> new Value.Text(v.toString())).toList());
    }

    private static Value token(Optional<FencingToken> token) {
        return token.<Value>map(t -> new Value.Whole(t.value())).orElse(new Value.Nothing());
    }

    // ---- orders --------------------------------------------------------------------------------------------------

    private AdminAnswer move(AdminRequest request) {
        String name = Part.named(required(request, "group"));
        GroupStatus status = node.resources().status(Part.groupOf(name));
        NodeId to = NodeId.of(required(request, "to"));
        Duration limit = limit(request);
        long giveUp = System.nanoTime() + limit.toNanos();
        if (!isQuorate()) {
            return AdminAnswer.of(
                    Outcome.REFUSED,
                    noMajority()
                            + " and it can move nothing: ask on a node that one answers, or once one answers here");
        }
        Optional<MoveResult> result = wait(node.resources().move(name, to, limit), limit.plusSeconds(1));
        AdminAnswer answer = result.map(r -> switch (r.outcome()) {
                    case DONE -> follow(status, to, limit, giveUp);
                    case REFUSED -> AdminAnswer.of(Outcome.REFUSED, r.reason());
                    case UNKNOWN -> AdminAnswer.of(Outcome.UNKNOWN, r.reason());
                })
                .orElseGet(AdminDesk::unknown);
        return answer.outcome() == Outcome.DONE || node.quorum().isQuorate()
                ? answer
                : AdminAnswer.of(answer.outcome(), noMajority() + "; " + answer.sentence());
    }

    /** Whether a majority answers; on a busy host none does for a moment. */
    private boolean isQuorate() {
        long since = System.nanoTime();
        while (!node.quorum().isQuorate()) {
            if (System.nanoTime() - since > A_WHILE_NANOS
                    || Thread.currentThread().isInterrupted()) {
                return false;
            }
            LockSupport.parkNanos(FOLLOW_NANOS);
        }
        return true;
    }

    private String noMajority() {
        return "no majority answers " + node.id() + " (" + node.state() + ")";
    }

    /** It is granted there; whether it starts is said by its new holder. */
    private AdminAnswer follow(GroupStatus before, NodeId to, Duration limit, long giveUp) {
        String group = before.group();
        while (true) {
            GroupStatus now = node.resources().status(group);
            boolean isThere = now.isHeld() && isOn(now, to);
            GroupStatus.State state = now.atHolder().orElse(GroupStatus.State.ELSEWHERE);
            if (isThere && state == GroupStatus.State.RUNNING) {
                return AdminAnswer.of(
                        Outcome.DONE,
                        now.title() + " is granted to " + to + " with token "
                                + now.token().map(FencingToken::value).orElse(0L) + " and runs there");
            }
            boolean isStuck = isThere && state == GroupStatus.State.BLOCKED;
            if (isStuck || !isThere && now.isHeld() && isNewer(now, before)) {
                return AdminAnswer.of(Outcome.REFUSED, didNotStart(now, to));
            }
            if (System.nanoTime() - giveUp >= 0) {
                return isThere
                        ? AdminAnswer.of(
                                Outcome.UNKNOWN,
                                now.title() + " is granted to " + to + ", which has not said within "
                                        + limit.toSeconds() + " s that it runs there: " + now.reason())
                        : AdminAnswer.of(Outcome.REFUSED, didNotStart(now, to));
            }
            LockSupport.parkNanos(FOLLOW_NANOS);
            if (Thread.currentThread().isInterrupted()) {
                return unknown();
            }
        }
    }

    private static boolean isOn(GroupStatus status, NodeId node) {
        return status.holder().filter(h -> h.node().equals(node)).isPresent();
    }

    private static boolean isNewer(GroupStatus now, GroupStatus before) {
        return now.token().map(FencingToken::value).orElse(0L)
                > before.token().map(FencingToken::value).orElse(0L);
    }

    private String didNotStart(GroupStatus now, NodeId to) {
        String why = node.advisor().explain(now.group()).candidates().stream()
                .filter(candidate -> candidate.node().equals(to))
                .map(candidate -> candidate.reason().isEmpty() ? "" : " (" + candidate.reason() + ")")
                .findFirst()
                .orElse(" (" + to + " is not in the cluster now)");
        String instead = now.isHeld()
                ? "it is granted to " + now.holder().orElseThrow()
                        + now.atHolder().map(state -> ", where it is " + state).orElse("")
                : "it runs nowhere: " + now.reason();
        return now.title() + " was granted to " + to + " and did not start there" + why + "; now " + instead;
    }

    /** On one node, or on every one that is in the cluster: what failed is counted where it failed. */
    private AdminAnswer clear(AdminRequest request) {
        String group = Part.groupOf(Part.named(required(request, "group")));
        List<NodeId> nodes = request.word("node")
                .map(NodeId::of)
                .map(List::of)
                .orElseGet(() -> node.advisor().explain(group).candidates().stream()
                        .map(Candidate::node)
                        .toList());
        List<CompletionStage<Cleared>> asked = nodes.stream()
                .map(each -> node.operator().clearFailures(group, each))
                .toList();
        List<AdminAnswer> answers = new ArrayList<>();
        for (CompletionStage<Cleared> each : asked) {
            answers.add(wait(each, Duration.ofSeconds(OPERATOR_SECONDS))
                    .map(r -> AdminAnswer.of(
                            switch (r.outcome()) {
                                case DONE -> Outcome.DONE;
                                case REFUSED -> Outcome.REFUSED;
                                case UNKNOWN -> Outcome.UNKNOWN;
                            },
                            r.reason()))
                    .orElseGet(AdminDesk::unknown));
        }
        if (answers.isEmpty()) {
            return AdminAnswer.of(Outcome.REFUSED, "no node is in the cluster now that could have counted a failure");
        }
        // A node that has not registered it is no reason to refuse what the others have done.
        Outcome outcome = Stream.of(Outcome.UNKNOWN, Outcome.DONE)
                .filter(each -> answers.stream().anyMatch(answer -> answer.outcome() == each))
                .findFirst()
                .orElse(Outcome.REFUSED);
        return AdminAnswer.of(
                outcome, answers.stream().map(AdminAnswer::sentence).distinct().collect(Collectors.joining("; ")));
    }

    private AdminAnswer operate(AdminRequest request, Function<NodeId, CompletionStage<Operator.Result>> order) {
        return outcome(order.apply(node(request)));
    }

    private static AdminAnswer outcome(CompletionStage<Operator.Result> ordered) {
        return outcome(ordered, Duration.ofSeconds(OPERATOR_SECONDS));
    }

    private static AdminAnswer outcome(CompletionStage<Operator.Result> ordered, Duration limit) {
        return wait(ordered, limit)
                .map(r -> AdminAnswer.of(r.isDone() ? Outcome.DONE : Outcome.REFUSED, r.reason()))
                .orElseGet(AdminDesk::unknown);
    }

    /** Standby, and then until nothing runs on the node. The node's own drain waits for some seconds: it is asked again. */
    private AdminAnswer drain(AdminRequest request) {
        Duration limit = limit(request);
        long giveUp = System.nanoTime() + limit.toNanos();
        NodeId who = node(request);
        AdminAnswer answer = outcome(node.operator().standby(who), limit);
        boolean isOn = answer.outcome() == Outcome.DONE;
        while (isOn) {
            long asked = System.nanoTime();
            // Whether it is empty is heard in a moment, also where standby took all the time.
            answer = outcome(node.operator().drain(who), Duration.ofNanos(Math.max(A_WHILE_NANOS, giveUp - asked)));
            long now = System.nanoTime();
            if (answer.outcome() == Outcome.REFUSED
                    && !node.operator().switches().standby().contains(who)) {
                // Whoever activated it meanwhile has the last word.
                return answer;
            }
            isOn = answer.outcome() != Outcome.DONE && now < giveUp && now - asked > A_WHILE_NANOS;
            if (answer.outcome() == Outcome.REFUSED && now < giveUp && !isOn) {
                // What is refused at once is refused for good.
                answer = AdminAnswer.of(Outcome.UNKNOWN, who + " is on standby, but " + answer.sentence());
            } else if (answer.outcome() != Outcome.DONE && !isOn) {
                answer = AdminAnswer.of(Outcome.UNKNOWN, notEmpty(who, limit));
            }
        }
        return answer;
    }

    private String notEmpty(NodeId who, Duration limit) {
        List<String> left = node.resources().status().stream()
                .filter(status -> status.isHeld() && isOn(status, who))
                .map(status -> status.title() + " (" + whyLeft(status, who) + ")")
                .toList();
        return who + " is on standby, and was not empty within " + limit.toSeconds() + " s: "
                + (left.isEmpty() ? "what it held leaves it only now" : left + " still granted to it");
    }

    private String whyLeft(GroupStatus status, NodeId who) {
        List<Target> all = List.of(Target.group(status.group()), Target.node(who), Target.everything());
        return node.operator().switches().maintenance().stream()
                .filter(each -> all.contains(each.target()))
                .findFirst()
                .map(Operator.Maintained::toString)
                .orElseGet(() -> status.atHolder().map(state -> state + ": ").orElse("") + status.reason());
    }

    private AdminAnswer forget(AdminRequest request) {
        return outcome(node.operator()
                .forgetGroup(
                        Part.groupOf(Part.named(required(request, "group"))),
                        required(request, "who"),
                        required(request, "why")));
    }

    private AdminAnswer confirmDown(AdminRequest request) {
        String text = required(request, "incarnation");
        int hash = text.lastIndexOf('#');
        if (hash < 0) {
            throw new ConfigurationException(
                    "incarnation",
                    text,
                    "say which life of the node has ended, as HOLDER names it: " + text + "#1, say");
        }
        AdminRequest split = request.with("number", text.substring(hash + 1));
        Incarnation who = new Incarnation(
                NodeId.of(text.substring(0, hash)), number(split, "number", 1, Long.MAX_VALUE, Optional.empty()));
        return outcome(node.operator().confirmDown(who, required(request, "who"), required(request, "why")));
    }

    private AdminAnswer maintenance(AdminRequest request) {
        Target target = target(required(request, "target"));
        String who = required(request, "who");
        String why = required(request, "why");
        return outcome(node.operator().maintenance(target, who, why));
    }

    private AdminAnswer resume(AdminRequest request) {
        return outcome(node.operator().endMaintenance(target(required(request, "target"))));
    }

    private static AdminAnswer unknown() {
        return AdminAnswer.of(
                Outcome.UNKNOWN, "nobody knows yet whether it was done; ask for the status, and order it again if not");
    }

    private static <T> Optional<T> wait(CompletionStage<T> stage, Duration limit) {
        CompletableFuture<T> future = stage.toCompletableFuture();
        try {
            return Optional.of(future.get(limit.toNanos(), TimeUnit.NANOSECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof HaException known) {
                throw known;
            }
            return Optional.empty();
        }
    }

    // ---- words ---------------------------------------------------------------------------------------------------

    private NodeId node(AdminRequest request) {
        return request.word("node").map(NodeId::of).orElse(node.id());
    }

    private static String required(AdminRequest request, String name) {
        return request.word(name)
                .orElseThrow(() ->
                        new ConfigurationException(name, "(none)", "the command " + request.verb() + " needs it"));
    }

    private static Duration limit(AdminRequest request) {
        return Duration.ofSeconds(number(request, "limit", 1, SECONDS_MAX, Optional.of(SECONDS)));
    }

    private static int count(AdminRequest request, int usual) {
        return (int) number(request, "max", 1, ENTRIES_MAX, Optional.of((long) usual));
    }

    private static long number(AdminRequest request, String name, long min, long max, Optional<Long> usual) {
        Optional<String> word = request.word(name);
        if (word.isEmpty() && usual.isPresent()) {
            return usual.get();
        }
        String text = required(request, name);
        try {
            long number = Long.parseLong(text);
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new ConfigurationException(name, text, "must be a whole number");
        }
        throw new ConfigurationException(name, text, "must be from " + min + " to " + max);
    }
}
