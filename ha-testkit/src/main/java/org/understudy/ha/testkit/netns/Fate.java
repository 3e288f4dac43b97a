package org.understudy.ha.testkit.netns;

import java.util.Locale;
import org.understudy.ha.api.ConfigurationException;

/**
 * What happens to the frames of one direction between two hosts.
 *
 * @param isCut whether none gets through
 * @param lossPercent how many of a hundred are lost
 * @param duplicatePercent how many of a hundred arrive twice
 * @param delayMicros how long each takes at least
 * @param jitterMicros how much longer some take, evenly spread; more than the distance between two frames reorders them
 */
public record Fate(boolean isCut, int lossPercent, int duplicatePercent, int delayMicros, int jitterMicros) {
    private static final int DELAY_MICROS_MAX = 10_000_000;

    public static final Fate CLEAR = new Fate(false, 0, 0, 0, 0);
    public static final Fate CUT = new Fate(true, 0, 0, 0, 0);

    public Fate {
        percent("lossPercent", lossPercent);
        percent("duplicatePercent", duplicatePercent);
        micros("delayMicros", delayMicros);
        micros("jitterMicros", jitterMicros);
    }

    /** Frames that are lost at random. */
    public static Fate losing(int percent) {
        return new Fate(false, percent, 0, 0, 0);
    }

    /** Frames that come late, each by a time of its own. */
    public static Fate late(int delayMicros, int jitterMicros) {
        return new Fate(false, 0, 0, delayMicros, jitterMicros);
    }

    /** Frames that overtake one another, and some that come twice. */
    public static Fate shuffled(int jitterMicros, int duplicatePercent) {
        return new Fate(false, 0, duplicatePercent, 0, jitterMicros);
    }

    String toWords() {
        return String.format(
                Locale.ROOT, "%d %d %d %d %d", isCut ? 1 : 0, lossPercent, duplicatePercent, delayMicros, jitterMicros);
    }

    static Fate parse(String[] words, int from) {
        return new Fate(
                words[from].equals("1"),
                Integer.parseInt(words[from + 1]),
                Integer.parseInt(words[from + 2]),
                Integer.parseInt(words[from + 3]),
                Integer.parseInt(words[from + 4]));
    }

    private static void percent(String key, int value) {
        if (value < 0 || value > 100) {
            throw new ConfigurationException(key, String.valueOf(value), "use 0 to 100");
        }
    }

    private static void micros(String key, int value) {
        if (value < 0 || value > DELAY_MICROS_MAX) {
            throw new ConfigurationException(key, String.valueOf(value), "use 0 to " + DELAY_MICROS_MAX);
        }
    }
}
