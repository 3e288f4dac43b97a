package org.understudy.ha.membership.core.plan;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.understudy.ha.membership.codec.PlanCodec;
import org.understudy.ha.membership.core.history.KeptPlan;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/** What is planned in random clusters, as bytes. Its only argument is how many clusters. */
final class PlanDigest {

    private static final int EVENTS = 12;

    private PlanDigest() {}

    public static void main(String[] arguments) throws Exception {
        System.out.println(of(Integer.parseInt(arguments[0])));
    }

    static String of(int seeds) throws GeneralSecurityException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (int seed = 0; seed < seeds; seed++) {
            digest.update(bytes(seed));
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** After each of some events: the record, what is planned from it, and what was said. */
    static byte[] bytes(long seed) {
        RandomCluster cluster = new RandomCluster(seed);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < EVENTS; i++) {
            cluster.event();
            bytes.writeBytes(bytes(cluster.play.record(), cluster.facts()));
        }
        bytes.writeBytes(String.join("\n", cluster.play.happened()).getBytes(StandardCharsets.UTF_8));
        return bytes.toByteArray();
    }

    /** What is kept of this planning, and what it says. */
    static byte[] bytes(ClusterRecord base, Facts facts) {
        Plan plan = Planner.plan(base, facts);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(PlanCodec.encode(new KeptPlan(1, 1, Ballot.NONE, base, facts, List.of(), plan.record())));
        bytes.writeBytes(plan.notices().toString().getBytes(StandardCharsets.UTF_8));
        return bytes.toByteArray();
    }
}
