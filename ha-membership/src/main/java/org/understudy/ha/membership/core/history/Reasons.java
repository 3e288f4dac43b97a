package org.understudy.ha.membership.core.history;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.Decision.Kind;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.membership.core.record.Sentence;

/**
 * What the planner said of the parts of groups when it made a record, as far as the record does not say it itself.
 *
 * @param byPart by the name of the part; who is not in it, of that the planner said nothing
 * @param isWhole whether nothing had to be left out
 */
public record Reasons(SortedMap<String, Why> byPart, boolean isWhole) {

    /** Nothing was said. */
    public static final Reasons NONE = new Reasons(new TreeMap<>(), true);

    /** Most bytes of UTF-8 of a sentence that is told to others. */
    public static final int SENTENCE_BYTES_MAX = 300;

    /** How a sentence ends that names who knows the reason. */
    static final String ELSEWHERE = ", whose history says why";

    /** More than the lengths before three texts. */
    private static final int BYTES_BESIDE = 16;

    private static final Why NOTHING = new Why("", "");

    /**
     * Of one part.
     *
     * @param grant why its grant is over, or another one is given; empty if nothing was said of that
     * @param move why it is asked to move; empty likewise
     */
    public record Why(String grant, String move) {

        private Why shortened() {
            return new Why(Sentence.shortened(grant, SENTENCE_BYTES_MAX), Sentence.shortened(move, SENTENCE_BYTES_MAX));
        }

        private int bytes() {
            return utf8(grant) + utf8(move);
        }
    }

    public Reasons {
        byPart = Collections.unmodifiableSortedMap(new TreeMap<>(byPart));
    }

    /** All that the planner said. */
    public static Reasons of(List<Notice> notices) {
        return of(notices, subject -> true);
    }

    /** What the planner said of these subjects. */
    public static Reasons of(List<Notice> notices, Predicate<String> isWanted) {
        TreeMap<String, Why> all = new TreeMap<>();
        for (Notice notice : notices) {
            String detail = beyondTheSentence(notice);
            if (detail.isEmpty() || !isWanted.test(notice.subject())) {
                continue;
            }
            Why said = all.getOrDefault(notice.subject(), NOTHING);
            String move = notice.reason() == Reason.MOVE_DECIDED ? afterColon(notice.detail()) : said.move();
            all.put(notice.subject(), new Why(joined(said.grant(), detail), move));
        }
        return new Reasons(all, true);
    }

    /** Why a grant ended is often why no other is given. */
    private static String joined(String said, String detail) {
        boolean isSaid = ("; " + said + "; ").contains("; " + detail + "; ");
        return said.isEmpty() ? detail : isSaid ? said : said + "; " + detail;
    }

    /** Who, which token and which proof are said anyway. */
    private static String beyondTheSentence(Notice notice) {
        if (notice.reason() != Reason.GRANT_MADE && notice.reason() != Reason.GRANT_OVER) {
            return notice.detail();
        }
        return afterColon(notice.detail());
    }

    private static String afterColon(String detail) {
        int colon = detail.indexOf(": ");
        return colon < 0 ? "" : detail.substring(colon + 2);
    }

    /** With its sentences shortened, and of so many parts as fit. */
    public Reasons within(int bytesMax) {
        TreeMap<String, Why> some = new TreeMap<>();
        int used = 0;
        for (Map.Entry<String, Why> each : byPart.entrySet()) {
            Why why = each.getValue().shortened();
            used += utf8(each.getKey()) + why.bytes() + BYTES_BESIDE;
            if (used > bytesMax) {
                return new Reasons(some, false);
            }
            some.put(each.getKey(), why);
        }
        return new Reasons(some, isWhole);
    }

    /** Of one part; two empty sentences if nothing was said. */
    Why about(String part) {
        return byPart.getOrDefault(part, NOTHING);
    }

    /**
     * Why a part was granted under this token, as a history tells it: what ended the grant before, and what was said when this one was made.
     * An end of which the grant knows another holder or another proof is that of an older one: this history has missed something since.
     *
     * @param kept newest first
     * @return empty if nothing was said, or nothing is known here
     */
    public static Optional<String> told(Iterable<Decision> kept, String part, long token) {
        LinkedList<String> said = new LinkedList<>();
        Optional<Decision> grant = Optional.empty();
        for (Decision decision : kept) {
            boolean isGrant = decision.kind() == Kind.GRANTED;
            if (!decision.subject().equals(part) || !isGrant && decision.kind() != Kind.ENDED) {
                continue;
            }
            boolean isSought =
                    isGrant && decision.token().filter(t -> t.value() == token).isPresent();
            boolean isItsEnd = !isGrant
                    && grant.filter(made -> made.from().isPresent()
                                    && made.from().equals(decision.from())
                                    && made.proof().equals(decision.proof()))
                            .isPresent();
            if (isSought || isItsEnd) {
                said.addFirst(decision.reason());
            }
            if (grant.isPresent()) {
                break;
            }
            grant = isSought ? Optional.of(decision) : grant;
        }
        return Optional.of(said.stream()
                        .filter(reason -> !reason.isEmpty() && !reason.endsWith(ELSEWHERE))
                        .distinct()
                        .collect(Collectors.joining("; ")))
                .filter(reason -> !reason.isEmpty());
    }

    private static int utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
