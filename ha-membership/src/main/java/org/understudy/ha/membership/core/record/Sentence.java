package org.understudy.ha.membership.core.record;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;

/** Human sentences as the record keeps them: whoever wrote one may have pasted a whole stack trace. */
public final class Sentence {

    /** Most bytes of UTF-8 that the record keeps of one. */
    public static final int BYTES_MAX = 200;

    private static final int FEW = 5;
    private static final String CUT = "…";

    private Sentence() {}

    /** The sentence, or its beginning and an ellipsis. Shortening twice changes nothing. */
    public static String shortened(String sentence) {
        return shortened(sentence, BYTES_MAX);
    }

    /** A sentence and what explains it: so much of the sentence that the record keeps the whole of the end. */
    public static String ending(String sentence, String end) {
        return shortened(sentence, BYTES_MAX - bytes(end)) + end;
    }

    /**
     * As {@link #shortened(String)}.
     *
     * @param most bytes of UTF-8 that are kept
     */
    public static String shortened(String sentence, int most) {
        if (bytes(sentence) <= most) {
            return sentence;
        }
        int room = most - bytes(CUT);
        int end = 0;
        int used = 0;
        while (end < sentence.length()) {
            int next = sentence.offsetByCodePoints(end, 1);
            used += bytes(sentence.substring(end, next));
            if (used > room) {
                break;
            }
            end = next;
        }
        return sentence.substring(0, end) + CUT;
    }

    /** Names for a sentence: all of them, or the first and how many more. */
    public static String few(Collection<String> names) {
        return names.size() <= FEW
                ? names.toString()
                : names.stream().limit(FEW).toList() + " and " + (names.size() - FEW) + " more";
    }

    /** A time for a sentence: {@code 30 s}, or {@code 250 ms} where that is not whole seconds and less than ten. */
    public static String of(Duration time) {
        boolean isShort = time.toMillis() < 10_000 && time.toMillis() % 1000 != 0;
        return isShort || time.isZero() ? time.toMillis() + " ms" : time.toSeconds() + " s";
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
