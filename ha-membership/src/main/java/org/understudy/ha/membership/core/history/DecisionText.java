package org.understudy.ha.membership.core.history;

import org.understudy.ha.api.Decision.Kind;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Planner;

/** A decision as one sentence. */
final class DecisionText {

    /** Where the record that a node learned first knows the proof, and not of whom. */
    private static final String SOMEBODY = "its last owner";

    private DecisionText() {}

    static String of(Draft d) {
        String text = begin(d);
        return d.reason().isEmpty() || isSaidAlready(d.kind()) ? text : text + " (" + d.reason() + ")";
    }

    private static boolean isSaidAlready(Kind kind) {
        return switch (kind) {
            case GAP, NAMED, UNNAMED, MEMBERS, PASSED, VOUCHED -> true;
            default -> false;
        };
    }

    private static String begin(Draft d) {
        String to = d.to().map(Incarnation::toString).orElse("another node");
        String from = d.from().map(Incarnation::toString).orElse(SOMEBODY);
        String token = d.token().map(FencingToken::toString).orElse("?");
        String group = Part.title(d.subject());
        return switch (d.kind()) {
            case GRANTED ->
                group + " is granted to " + to + " with token " + token + ": "
                        + d.proof().map(p -> why(p, from)).orElse("nothing is known of a grant before");
            case ENDED ->
                group + " is granted to nobody, token " + token + " of " + from + " is over: "
                        + d.proof().map(p -> why(p, from)).orElse("no proof is known");
            case MOVE_WANTED -> group + " is asked to move from " + from + " to " + to;
            case MOVE_DROPPED -> group + " stays with " + from + ": its move is not tried any more";
            case FORBIDDEN -> group + " may run nowhere until it is mended";
            case ALLOWED -> group + " may run again";
            case HELD ->
                group
                        + (d.reason().isEmpty()
                                ? " is kept back by no rule any more"
                                : " is kept from running by a rule");
            case MAINTAINED -> d.subject() + " is in maintenance: nothing is started, stopped or moved there";
            case RESUMED -> d.subject() + " is not in maintenance any more";
            case JOINED -> d.subject() + " is admitted as " + to;
            case LEFT -> from + " is over: " + d.proof().map(p -> left(p, from)).orElse("no proof is known any more");
            case VOTERS -> "the votes change";
            case STANDBY -> d.subject() + " is put on standby and runs nothing";
            case ACTIVATED -> d.subject() + " may run groups again";
            case VOUCHED -> word(d.reason());
            case FORCED -> "an operator forced a new generation of the record";
            case GAP -> d.reason();
            case FORGOTTEN ->
                group + " is taken out of the record: whoever registers it again begins with its first start";
            case NAMED -> to + " owns the name " + d.reason();
            case UNNAMED -> from + " owns no more the name " + d.reason();
            case MEMBERS -> d.subject() + " begins anew, its members are " + d.reason();
            case PASSED -> "all members of " + d.subject() + " have passed its phase " + d.reason();
        };
    }

    /** An operator's word: an order, or something that nobody else can know. */
    private static String word(String said) {
        int out = said.startsWith("group ") ? said.indexOf(Planner.TAKEN_OUT) : -1;
        if (out > 0) {
            return "an operator took " + said.substring(0, out) + " out of the record"
                    + said.substring(out + Planner.TAKEN_OUT.length());
        }
        return said.startsWith(Planner.MAINTENANCE_OF)
                ? "an operator asked for " + said
                : "an operator vouched (" + said + ")";
    }

    private static String why(ProofKind proof, String from) {
        return switch (proof) {
            case NEVER -> "it never ran anywhere, every probe says so";
            case RELEASED -> from + " stopped it and said so";
            case DIED -> "the process of " + from + " is gone, its guardian said so";
            case EXPIRED -> "the lease of " + from + " is over and what it held has ended with it";
            case FENCED -> from + " is off, a fence device confirmed it";
            case SUPERSEDED -> from + " has ended, its node came back in a new life";
            case OPERATOR -> "an operator vouched that " + from + " has ended";
        };
    }

    private static String left(ProofKind proof, String from) {
        return switch (proof) {
            case RELEASED -> "it left";
            case EXPIRED -> "a majority has not heard it for a lease";
            default -> why(proof, from);
        };
    }
}
