package org.understudy.ha.membership;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.understudy.ha.api.Advisor;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.PlacementPolicy;
import org.understudy.ha.membership.core.plan.Advice;
import org.understudy.ha.membership.core.plan.Forms;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.plan.Rehearsal;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;

/** Answers from the newest record this node knows, and from what it saw of the grants before. Thread-safe. */
final class NodeAdvisor implements Advisor {

    private static final String AS_IT_WAS =
            "no majority answers this node, and this is what it knew when one answered last: ";

    private final NodeId self;
    private final Supplier<Optional<ClusterRecord>> record;
    private final BooleanSupplier isQuorate;
    private final SortedMap<String, PlacementPolicy> policies;
    private final Function<String, LongFunction<Optional<String>>> reason;
    private final Function<String, Optional<GroupStatus.State>> there;
    private final Predicate<NodeId> isWitness;
    private final Function<String, List<String>> more;
    /** Who held each group before, as far as this process has seen. */
    private final Map<String, Incarnation> before = new ConcurrentHashMap<>();

    /**
     * @param isQuorate whether a majority answers: what is known may be old otherwise
     * @param reason why a part was granted under a token, as the history tells it; any thread
     * @param there how the holder of a part says that it is; any thread
     * @param isWitness whether a node owns nothing by its configuration
     * @param more what is to be added about a part of a group that the record does not say; any thread
     */
    NodeAdvisor(
            NodeId self,
            Supplier<Optional<ClusterRecord>> record,
            BooleanSupplier isQuorate,
            SortedMap<String, PlacementPolicy> policies,
            Function<String, LongFunction<Optional<String>>> reason,
            Function<String, Optional<GroupStatus.State>> there,
            Predicate<NodeId> isWitness,
            Function<String, List<String>> more) {
        this.self = self;
        this.reason = reason;
        this.there = there;
        this.isWitness = isWitness;
        this.more = more;
        this.record = record;
        this.isQuorate = isQuorate;
        this.policies = policies;
    }

    /** Notes who held what. */
    void learned(Optional<ClusterRecord> last, ClusterRecord next) {
        last.ifPresent(known -> next.groups().forEach((name, group) -> {
            Optional<Grant> was = known.grant(name);
            boolean isNew = was.isPresent()
                    && group.grant().filter(g -> g.token() > was.get().token()).isPresent();
            if (isNew) {
                before.put(name, was.get().holder());
            }
        }));
        before.keySet().retainAll(next.groups().keySet());
    }

    @Override
    public Explanation explain(String group) {
        return each(group, part -> withMore(part, Advice.explain(known(part), part, beside(part))));
    }

    @Override
    public Explanation whyNot(String group, NodeId node) {
        Planner.unknown(known(), node).ifPresent(why -> {
            throw new LifecycleException(why);
        });
        return each(group, part -> withMore(part, Advice.whyNot(known(part), part, node, beside(part))));
    }

    private Advice.Beside beside(String part) {
        return new Advice.Beside(
                Optional.ofNullable(before.get(part)), reason.apply(part), there.apply(part), isWitness);
    }

    private Explanation withMore(String part, Explanation why) {
        List<String> all = new ArrayList<>(List.of(why.sentence()));
        all.addAll(more.apply(part));
        String policy = Optional.ofNullable(known().groups().get(part))
                .map(state -> state.rules().placement().policy())
                .orElse("");
        if (!policy.isEmpty() && !policies.containsKey(policy)) {
            all.add("this node has no policy " + policy + ": while it decides the default order is used");
        }
        return new Explanation(why.group(), String.join("; ", all), why.holder(), why.proof(), why.candidates());
    }

    /** Of a group in copies what is said of each part, and with it who is promoted, or has the first copy. */
    private Explanation each(String group, Function<String, Explanation> say) {
        Explanation why = together(group, say);
        return isQuorate.getAsBoolean()
                ? why
                : new Explanation(why.group(), AS_IT_WAS + why.sentence(), why.holder(), why.proof(), why.candidates());
    }

    private Explanation together(String group, Function<String, Explanation> say) {
        List<String> parts = known().groups().keySet().stream()
                .filter(name -> Part.groupOf(name).equals(group))
                .filter(name -> !Forms.isLeftOver(known(), name))
                .toList();
        if (known().groups().containsKey(group) && parts.size() < 2) {
            return say.apply(group);
        }
        if (parts.isEmpty()) {
            return say.apply(group);
        }
        List<Explanation> all = parts.stream().map(say).toList();
        Explanation first = all.get(0);
        return new Explanation(
                group,
                all.stream().map(NodeAdvisor::ofPart).collect(Collectors.joining("; ")),
                first.holder(),
                first.proof(),
                first.candidates());
    }

    /** Of which part it is said. */
    private static String ofPart(Explanation why) {
        String title = Part.title(why.group());
        return why.sentence().startsWith(title + " ") ? why.sentence() : title + ": " + why.sentence();
    }

    @Override
    public Forecast whatIf(Change... changes) {
        Forecast forecast = Rehearsal.of(known(), policies, List.of(changes));
        return isQuorate.getAsBoolean() ? forecast : new Forecast(AS_IT_WAS + forecast.sentence(), forecast.outcomes());
    }

    private ClusterRecord known() {
        return record.get()
                .orElseThrow(() -> new LifecycleException(
                        "node " + self + " knows no cluster record yet; ask again when it has joined"));
    }

    private ClusterRecord known(String group) {
        ClusterRecord known = known();
        if (!known.groups().containsKey(group)) {
            throw new LifecycleException(Planner.noSuchGroup(known, group));
        }
        return known;
    }
}
