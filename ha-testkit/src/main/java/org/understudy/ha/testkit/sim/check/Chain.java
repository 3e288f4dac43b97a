package org.understudy.ha.testkit.sim.check;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Target;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * Every record that some node took for chosen. Checks ONE_RECORD_PER_BALLOT, ONE_CHAIN and PROOF_IS_TRUE: neighbours in ballot
 * order must be related as a plan relates them, so a fork shows as something settled that comes back.
 */
public final class Chain {

    private final Court court;
    private final List<SimGroup> groups;
    private final List<NodeId> ids;
    private final Ownership ownership;
    private final boolean isConverted;
    private final TreeMap<Ballot, ClusterRecord> chosen = new TreeMap<>();

    /**
     * @param isConverted whether records pass through the format of an earlier version, which leaves something out
     */
    public Chain(Court court, List<SimGroup> groups, List<NodeId> ids, Ownership ownership, boolean isConverted) {
        this.isConverted = isConverted;
        this.court = court;
        this.groups = groups;
        this.ids = ids;
        this.ownership = ownership;
    }

    /** How many records were learned. */
    public int length() {
        return chosen.size();
    }

    /** A node takes a record for chosen. */
    public void learned(NodeId by, Ballot ballot, ClusterRecord value) {
        court.looked(Checker.ONE_RECORD_PER_BALLOT);
        ClusterRecord known = chosen.get(ballot);
        if (known != null) {
            if (!isSame(known, value)) {
                court.violated(
                        Checker.ONE_RECORD_PER_BALLOT,
                        by + " learned another record at " + ballot + " than was learned before");
            }
            return;
        }
        Map.Entry<Ballot, ClusterRecord> below = chosen.lowerEntry(ballot);
        Map.Entry<Ballot, ClusterRecord> above = chosen.higherEntry(ballot);
        chosen.put(ballot, value);
        if (below != null) {
            follows(below.getValue(), value, ballot);
        }
        if (above != null) {
            follows(value, above.getValue(), above.getKey());
        } else {
            provesTrue(value);
        }
    }

    private void follows(ClusterRecord earlier, ClusterRecord later, Ballot at) {
        court.looked(Checker.ONE_CHAIN);
        if (later.generation() > earlier.generation()) {
            // What only the lost majority had is lost, on an operator's word. Tokens go on.
            if (later.lastToken() <= earlier.lastToken()) {
                court.violated(
                        Checker.ONE_CHAIN,
                        "at " + at + ": last token " + later.lastToken() + " of a new generation after "
                                + earlier.lastToken());
            }
            return;
        }
        String fault = null;
        if (later.number() < earlier.number() || (later.number() == earlier.number() && !isSame(earlier, later))) {
            fault = "record number " + later.number() + " after " + earlier.number();
        } else if (later.lastToken() < earlier.lastToken()) {
            fault = "last token " + later.lastToken() + " after " + earlier.lastToken();
        }
        for (Map.Entry<NodeId, Long> issued : earlier.incarnations().entrySet()) {
            if (later.incarnations().getOrDefault(issued.getKey(), 0L) < issued.getValue()) {
                fault = "incarnation " + issued.getValue() + " of " + issued.getKey() + " is forgotten";
            }
        }
        for (Map.Entry<String, GroupRecord> entry : earlier.groups().entrySet()) {
            Optional<Grant> before = entry.getValue().grant();
            Optional<Grant> after = later.grant(entry.getKey());
            if (before.isPresent()) {
                String wrong = isForgotten(earlier, later, entry.getKey())
                        ? wronglyForgotten(earlier, later, before.get(), after)
                        : after.isEmpty() ? "is forgotten" : wrong(before.get(), after.get());
                if (wrong != null) {
                    fault = "grant of " + entry.getKey() + " token "
                            + before.get().token() + " " + wrong;
                }
            }
        }
        for (Map.Entry<String, GroupRecord> entry : later.groups().entrySet()) {
            boolean hadGrant = earlier.grant(entry.getKey()).isPresent();
            boolean skipped = later.number() > earlier.number() + 1;
            Optional<Grant> first = entry.getValue().grant().filter(g -> !hadGrant && !skipped);
            if (first.isPresent() && first.get().proof() != ProofKind.NEVER) {
                fault = "first grant of " + entry.getKey() + " carries "
                        + first.get().proof();
            }
        }
        if (fault != null) {
            court.violated(Checker.ONE_CHAIN, "at " + at + ": " + fault);
        }
    }

    /** Whether an operator had the group taken out of the record in between. */
    private static boolean isForgotten(ClusterRecord earlier, ClusterRecord later, String group) {
        String what = forgotten(group);
        return later.words().stream()
                .anyMatch(
                        word -> word.number() > earlier.number() && word.what().equals(what));
    }

    /** A grant that is forgotten was over; where a record in between was not learned, it may have ended there. Tokens grow in any case. */
    private static @Nullable String wronglyForgotten(
            ClusterRecord earlier, ClusterRecord later, Grant before, Optional<Grant> after) {
        boolean isNext = later.number() == earlier.number() + 1;
        if (isNext && before.stands()) {
            return "is forgotten although it stands";
        }
        return after.filter(grant -> grant.token() <= before.token()).isPresent()
                ? "came back as token " + after.get().token()
                : null;
    }

    private boolean isSame(ClusterRecord one, ClusterRecord other) {
        return one.equals(other)
                || (isConverted
                        && one.number() == other.number()
                        && one.lastToken() == other.lastToken()
                        && one.voters().set().equals(other.voters().set())
                        && one.incarnations().equals(other.incarnations())
                        && one.sessions().keySet().equals(other.sessions().keySet())
                        && one.groups().equals(other.groups()));
    }

    private static @Nullable String wrong(Grant before, Grant after) {
        if (after.token() < before.token()) {
            return "came back as token " + after.token();
        }
        if (after.token() == before.token()) {
            boolean isSame = after.holder().equals(before.holder()) && after.proof() == before.proof();
            boolean isOverAgain = before.over().isPresent() && !before.over().equals(after.over());
            return isSame && !isOverAgain ? null : "changed without a new token";
        }
        if (after.proof() == ProofKind.NEVER) {
            return "is followed by one that says NEVER";
        }
        if (after.proof() == ProofKind.EXPIRED && !before.isExpirable() && after.token() == before.token() + 1) {
            return "cannot expire but is followed by one that says EXPIRED";
        }
        return null;
    }

    /** Whoever held a lower token must not act any more. */
    private void provesTrue(ClusterRecord value) {
        for (SimGroup group : groups) {
            Optional<Grant> grant = value.grant(group.name());
            if (grant.isEmpty()) {
                provesForgotten(value, group);
                continue;
            }
            court.looked(Checker.PROOF_IS_TRUE);
            for (int node = 0; node < ids.size(); node++) {
                // A node that acts under a higher token learned a newer record, which has not been told here yet.
                long token = ownership.token(group, node);
                boolean isOver = token < grant.get().token()
                        || (token == grant.get().token() && grant.get().over().isPresent());
                if (isOver && ownership.acts(group, node)) {
                    court.violated(
                            Checker.PROOF_IS_TRUE,
                            ids.get(node) + " still acts for " + group.name() + " under token "
                                    + ownership.token(group, node) + " when " + grant.get() + " is chosen");
                }
            }
        }
    }

    /** Whoever held what was taken out of the record must not act any more. */
    private void provesForgotten(ClusterRecord value, SimGroup group) {
        String what = forgotten(group.name());
        if (value.words().stream().noneMatch(word -> word.what().equals(what))) {
            return;
        }
        court.looked(Checker.PROOF_IS_TRUE);
        for (int node = 0; node < ids.size(); node++) {
            if (ownership.acts(group, node) && ownership.token(group, node) <= value.lastToken()) {
                court.violated(
                        Checker.PROOF_IS_TRUE,
                        ids.get(node) + " still acts for " + group.name() + " under token "
                                + ownership.token(group, node) + " when a record without it is chosen");
            }
        }
    }

    private static String forgotten(String group) {
        return Target.group(Part.groupOf(group)) + " is taken out of the record";
    }
}
