package org.understudy.ha.testkit.figures;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.core.plan.Facts;
import org.understudy.ha.membership.core.plan.Plan;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Rules;
import org.understudy.ha.membership.core.record.Session;

/**
 * How long planning takes: a cluster of 100 nodes and 1 000 groups with rules planned from nothing, replanned after the loss of one node, and
 * planned again when nothing has happened, as it is with every message. Each node offers every group. Processor time of one thread; median and
 * 95th percentile. Exit status 1 if a median is above what is wanted, or a plan is wrong: something is left without a node, or is moved that was not on the lost
 * one.
 */
public final class PlanFigures {

    private static final int NODES = 100;
    private static final int GROUPS = 1000;
    private static final int WARM_UP = 60;
    private static final int RUNS = 100;
    private static final long SEED = 1;
    private static final double FROM_NOTHING_MS_MAX = 50;
    private static final double AGAIN_MS_MAX = 10;
    /** Of the processor, not of the wall: a busy machine plans later, not longer. */
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private PlanFigures() {}

    /** Arguments: {@code [--json]}. */
    public static void main(String[] args) {
        boolean isJson = args.length > 0 && args[0].equals("--json");
        ClusterRecord fresh = cluster(new Random(SEED));
        Facts calm = facts(fresh, new TreeSet<>());
        ClusterRecord placed = Planner.plan(fresh, calm).record();
        while (Planner.plan(placed, calm).isChange()) {
            placed = Planner.plan(placed, calm).record();
        }
        ClusterRecord settled = placed;
        Incarnation lost = settled.sessions().get(node(NODES / 2)).incarnation();
        Facts loss = facts(settled, new TreeSet<>(List.of(lost)));
        if (!isJson) {
            System.out.printf(
                    "%d nodes, %d groups with rules, each offered by every node      median ms   95 %% ms%n",
                    NODES, GROUPS);
        }
        boolean isWithin = say(
                isJson,
                "from-nothing",
                "everything planned from nothing",
                FROM_NOTHING_MS_MAX,
                () -> Planner.plan(fresh, calm));
        isWithin &= say(
                isJson,
                "node-lost",
                "replanned after the loss of one node",
                AGAIN_MS_MAX,
                () -> Planner.plan(settled, loss));
        isWithin &= say(
                isJson,
                "no-change",
                "planned again, nothing has happened",
                AGAIN_MS_MAX,
                () -> Planner.plan(settled, calm));
        List<String> wrong = wrong(settled, Planner.plan(settled, loss).record(), lost);
        wrong.forEach(System.err::println);
        if (!wrong.isEmpty() || !isWithin) {
            System.exit(1);
        }
    }

    private static boolean say(boolean isJson, String key, String what, double wanted, Supplier<Plan> planning) {
        for (int i = 0; i < WARM_UP; i++) {
            planning.get();
        }
        double[] millis = new double[RUNS];
        for (int i = 0; i < RUNS; i++) {
            long begin = THREADS.getCurrentThreadCpuTime();
            planning.get();
            millis[i] = (THREADS.getCurrentThreadCpuTime() - begin) / 1e6;
        }
        Arrays.sort(millis);
        System.out.printf(
                Locale.ROOT,
                isJson
                        ? "{\"figure\":\"plan\",\"what\":\"%s\",\"nodes\":" + NODES + ",\"groups\":" + GROUPS
                                + ",\"median_ms\":%.2f,\"p95_ms\":%.2f,\"wanted_ms\":%.0f}%n"
                        : "%-64s %10.2f %9.2f, wanted at most %.0f%n",
                isJson ? key : what,
                millis[RUNS / 2],
                millis[RUNS * 95 / 100],
                wanted);
        return millis[RUNS / 2] <= wanted;
    }

    private static List<String> wrong(ClusterRecord before, ClusterRecord after, Incarnation lost) {
        List<String> wrong = new ArrayList<>();
        before.groups().forEach((name, group) -> {
            Optional<Grant> was = group.grant().filter(Grant::stands);
            Optional<Grant> is = after.grant(name).filter(Grant::stands);
            if (was.isEmpty()) {
                wrong.add(name + " had no node: " + Planner.whyUnowned(before, name));
            } else if (is.isEmpty() || was.get().holder().equals(lost) == is.equals(was)) {
                wrong.add(name + " was on " + was.get().holder() + " and is on " + is.map(Grant::holder));
            }
        });
        return wrong;
    }

    // ---- the cluster ---------------------------------------------------------------------------------------------

    private static NodeId node(int i) {
        return NodeId.of(String.format(Locale.ROOT, "node-%03d", i));
    }

    private static String group(int i) {
        return String.format(Locale.ROOT, "group-%04d", i);
    }

    private static Facts facts(ClusterRecord record, TreeSet<Incarnation> silent) {
        TreeSet<NodeId> reachable = new TreeSet<>(record.sessions().keySet());
        silent.forEach(who -> reachable.remove(who.node()));
        return new Facts(
                new TreeMap<>(),
                new TreeMap<>(),
                new TreeMap<>(),
                new TreeSet<>(),
                new TreeMap<>(),
                silent,
                new TreeMap<>(),
                reachable,
                0,
                List.of(),
                true);
    }

    /** Every group has room to find and somebody to be apart from; every fifth must be with another, and as many would like to be. */
    private static Placement placement(int i, Random random) {
        Placement.Builder rules = Placement.rules()
                .needs("memory", 1 + random.nextInt(4))
                .needs("cpu", 1 + random.nextInt(2))
                .priority(i / 5 % 3);
        boolean isFollower = i % 5 == 4;
        if (isFollower) {
            rules.with(group(i - 4));
        } else {
            rules.apart(group((i / 5 * 5 + 5) % GROUPS), group((i / 5 * 5 + 11) % GROUPS));
        }
        if (i % 5 == 3) {
            rules.preferWith(group(i - 3)).preferApart(group(i - 2));
        }
        return rules.build();
    }

    private static ClusterRecord cluster(Random random) {
        List<AcceptorId> voters =
                List.of(new AcceptorId(node(0), "d0"), new AcceptorId(node(1), "d1"), new AcceptorId(node(2), "d2"));
        TreeMap<String, GroupRecord> groups = new TreeMap<>();
        TreeMap<String, Candidacy> offers = new TreeMap<>();
        for (int i = 0; i < GROUPS; i++) {
            Rules rules = Rules.of(placement(i, random));
            List<NodeId> preferred = new ArrayList<>();
            for (int p = 0; p < 3; p++) {
                NodeId one = node((i / 5 * 7 + i % 5 * 20 + p * 31) % NODES);
                if (!preferred.contains(one)) {
                    preferred.add(one);
                }
            }
            groups.put(group(i), GroupRecord.NEW.withRules(rules));
            offers.put(
                    group(i),
                    new Candidacy(preferred, false, true, "", Presence.ABSENT, true, List.of())
                            .withRules(rules.digest()));
        }
        TreeMap<NodeId, Session> sessions = new TreeMap<>();
        TreeMap<NodeId, Long> incarnations = new TreeMap<>();
        TreeMap<String, Integer> capacity = new TreeMap<>();
        capacity.put("memory", 48);
        capacity.put("cpu", 32);
        for (int n = 0; n < NODES; n++) {
            Incarnation who = new Incarnation(node(n), 1);
            incarnations.put(who.node(), 1L);
            sessions.put(
                    who.node(),
                    new Session(who, n, "d" + n, HostIdentity.UNKNOWN, "key", 1, new TreeMap<>(offers))
                            .withCapacity(capacity));
        }
        return ClusterRecord.first("figures", voters)
                .withSessions(sessions, incarnations, List.of())
                .withGroups(groups, 0);
    }
}
