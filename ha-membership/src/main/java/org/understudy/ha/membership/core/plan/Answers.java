package org.understudy.ha.membership.core.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.PlacementPolicy;

/**
 * What policies of an application answered while one record was planned, in the order in which they were asked. They are code, may be late, and
 * may answer otherwise the next time: who plans that record again gives the planner the same answers. Not thread-safe; pure as far as the policies are.
 */
public final class Answers {

    private final List<Answer> all = new ArrayList<>();

    /**
     * One answer.
     *
     * @param policy its name
     * @param ranked as it ordered the nodes; empty if it failed
     * @param failure why there was no answer; empty if there was one
     */
    public record Answer(String policy, String group, List<NodeId> ranked, String failure) {
        public Answer {
            ranked = List.copyOf(ranked);
        }
    }

    /** The same policies, of which every answer is noted here. */
    public SortedMap<String, PlacementPolicy> noting(SortedMap<String, PlacementPolicy> policies) {
        TreeMap<String, PlacementPolicy> noted = new TreeMap<>();
        policies.forEach((name, policy) -> noted.put(name, Policies.isOwn(policy) ? policy : new Noting(policy)));
        return noted;
    }

    /** What was answered so far. */
    public List<Answer> all() {
        return List.copyOf(all);
    }

    /**
     * The policies that every node has, and those that answered, which answer the same again. One that is asked what it was not asked then fails,
     * as a late one does: the default order is used.
     */
    public static SortedMap<String, PlacementPolicy> again(List<Answer> answers) {
        TreeMap<String, PlacementPolicy> policies = new TreeMap<>(Policies.with(List.of()));
        for (Answer answer : answers) {
            if (!(policies.get(answer.policy()) instanceof Answering)) {
                policies.put(answer.policy(), new Answering(answer.policy(), new ArrayList<>()));
            }
            ((Answering) policies.get(answer.policy())).left().add(answer);
        }
        return policies;
    }

    private final class Noting implements PlacementPolicy {
        private final PlacementPolicy policy;

        private Noting(PlacementPolicy policy) {
            this.policy = policy;
        }

        @Override
        public String name() {
            return policy.name();
        }

        @Override
        public List<NodeId> rank(String group, Snapshot snapshot) {
            try {
                List<NodeId> ranked = List.copyOf(policy.rank(group, snapshot));
                all.add(new Answer(policy.name(), group, ranked, ""));
                return ranked;
            } catch (RuntimeException | Error e) {
                all.add(new Answer(policy.name(), group, List.of(), Policies.words(e)));
                throw e;
            }
        }
    }

    private record Answering(String name, List<Answer> left) implements PlacementPolicy {
        @Override
        public List<NodeId> rank(String group, Snapshot snapshot) {
            for (int i = 0; i < left.size(); i++) {
                if (left.get(i).group().equals(group)) {
                    Answer answer = left.remove(i);
                    if (answer.failure().isEmpty()) {
                        return answer.ranked();
                    }
                    throw new IllegalStateException(answer.failure());
                }
            }
            throw new IllegalStateException("it was not asked about " + group + " when this was decided");
        }
    }
}
