package org.understudy.ha.membership.checks;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;

/** Looks at what builders are given. */
final class Given {
    private static final int TEXT_MAX = 1000;
    private static final int BYTES_MAX = 16 * 1024 * 1024;

    private Given() {}

    static void once(String key, @Nullable Object present, Object value) {
        if (present != null) {
            throw new ConfigurationException(key, value, "was already set to " + present + "; set it once");
        }
    }

    /** Goes into a line of a protocol, where a line break would begin another command. */
    static String text(String key, String value) {
        String wrong = textProblem(value);
        if (!wrong.isEmpty()) {
            throw new ConfigurationException(key, value, wrong);
        }
        return value;
    }

    static String secret(String key, String value) {
        String wrong = textProblem(value);
        if (!wrong.isEmpty()) {
            throw new ConfigurationException(key, "(hidden)", wrong);
        }
        return value;
    }

    private static String textProblem(String value) {
        if (value.isEmpty() || value.length() > TEXT_MAX) {
            return "must have 1 to " + TEXT_MAX + " characters";
        }
        return value.chars().anyMatch(Character::isISOControl)
                ? "has a control character or line break, which would end the command it stands in: leave it out"
                : "";
    }

    static int port(String key, int value) {
        if (value < 1 || value > 65_535) {
            throw new ConfigurationException(key, value, "is no port: give 1 to 65535");
        }
        return value;
    }

    /** Looked up now, because looking up has no time-out. */
    static InetAddress host(String key, String value) {
        text(key, value);
        try {
            return InetAddress.getByName(value);
        } catch (UnknownHostException e) {
            throw new ConfigurationException(
                    key, value, "is not known to this host's resolver: give the address, or correct the name");
        }
    }

    static Pattern pattern(String key, String regex) {
        try {
            return Pattern.compile(regex, Pattern.DOTALL);
        } catch (PatternSyntaxException e) {
            throw new ConfigurationException(
                    key,
                    regex,
                    "is no regular expression of java.util.regex (" + e.getDescription() + " near index " + e.getIndex()
                            + "): for plain text use Pattern.quote");
        }
    }

    static int bytes(String key, int value) {
        if (value < 1 || value > BYTES_MAX) {
            throw new ConfigurationException(key, value, "is out of bounds: give 1 to " + BYTES_MAX + " bytes");
        }
        return value;
    }

    static Duration time(String key, Duration value, Duration min, Duration max) {
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw new ConfigurationException(key, value, "is out of bounds: give " + min + " to " + max);
        }
        return value;
    }

    static int count(String key, int value, int max) {
        if (value < 1 || value > max) {
            throw new ConfigurationException(key, value, "is out of bounds: give 1 to " + max);
        }
        return value;
    }
}
