package org.understudy.ha.membership.core.record;

import java.util.Collection;
import org.understudy.ha.api.config.Failback;
import org.understudy.ha.api.config.Placement;

/**
 * Placement rules in the record: one definition for each group, and in every offer of it a digest of the rules it was offered with.
 *
 * @param digest 0 for no rules
 */
public record Rules(Placement placement, long digest) {

    /** No rules. */
    public static final Rules NONE = new Rules(Placement.NONE, 0);

    private static final long BASIS = 0xcbf29ce484222325L;
    private static final long PRIME = 0x100000001b3L;
    private static final char COPY = '#';

    public static Rules of(Placement placement) {
        return placement.equals(Placement.NONE) ? NONE : new Rules(placement, digestOf(placement));
    }

    /** Whether there is none. */
    public boolean isNone() {
        return digest == 0;
    }

    /** What a rule may call a group beside its name: for a copy, what all copies are called; otherwise its name. */
    public static String family(String group) {
        int at = group.indexOf(COPY);
        return at < 0 ? group : group.substring(0, at);
    }

    /**
     * Tells rules apart: 64 bits of FNV-1a over everything they say. Two nodes compare what their applications say differently by mistake,
     * not what somebody forged.
     */
    private static long digestOf(Placement rules) {
        StringBuilder said = new StringBuilder();
        rules.needs()
                .forEach((name, weight) ->
                        said.append(name).append('=').append(weight).append(','));
        add(said, rules.with());
        add(said, rules.preferWith());
        add(said, rules.apart());
        add(said, rules.preferApart());
        add(said, rules.after());
        Failback failback = rules.failback();
        said.append(';').append(rules.priority());
        said.append(';').append(failback.mode().name()).append(failback.stable().toNanos());
        said.append(';').append(rules.policy());
        long hash = BASIS;
        for (int i = 0; i < said.length(); i++) {
            hash = (hash ^ said.charAt(i)) * PRIME;
        }
        return hash == 0 ? BASIS : hash;
    }

    private static void add(StringBuilder said, Collection<String> names) {
        said.append(';').append(String.join(",", names));
    }
}
