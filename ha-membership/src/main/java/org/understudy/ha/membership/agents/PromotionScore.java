package org.understudy.ha.membership.agents;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.spi.Score;

/**
 * The promotion score that an agent gives its own instance. Agents tell it to {@code crm_master} and {@code crm_attribute} of Pacemaker; a program
 * that answers to both names stands before them, and writes it into a file of a directory of this process.
 *
 * <p>The directory is made when it is first needed and removed by {@link #close()}; after a kill it stays, a few kilobytes with the number of the
 * process in its name, until the system tidies up. Where none can be made, or nothing in it may be executed, the
 * agent finds no such program, as where Pacemaker is not installed, and its score is 0.
 *
 * <p>Thread-safe.
 */
final class PromotionScore implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PromotionScore.class);
    private static final String FILE = "UNDERSTUDY_PROMOTION_SCORE";
    /** Where agents look for the programs of the cluster manager; resource-agents use it for nothing else. */
    private static final String PROGRAMS = "HA_SBIN_DIR";

    private static final String DIRECTORY = "understudy-agent-";
    private static final String INFINITY = "INFINITY";
    private static final long INFINITE = 1_000_000;
    private static final int TEXT_MAX = 32;

    private static final String PROGRAM = """
            #!/bin/sh
            # crm_master and crm_attribute for the promotion score of one instance on its own node, and for nothing else.
            name=${0##*/}
            no() { echo "$name: $1" >&2; exit "$2"; }
            kept=${UNDERSTUDY_PROMOTION_SCORE:-}
            [ -n "$kept" ] || no "this was not called by an agent" 1
            is_score=no
            [ "$name" = crm_master ] && is_score=yes
            does=query; is_quiet=no; value=; otherwise=; node=
            while [ $# -gt 0 ]; do
              case "$1" in
                -p | --promotion | --promotion=*) is_score=yes ;;
                -v | --attr-value | --update) does=update; value=${2:-}; shift ;;
                --attr-value=* | --update=*) does=update; value=${1#*=} ;;
                -D | --delete) does=delete ;;
                -q | -Q | --quiet) is_quiet=yes ;;
                -d | --default) otherwise=${2:-}; shift ;;
                --default=*) otherwise=${1#*=} ;;
                -N | --node | -U | --uname) node=${2:-}; shift ;;
                --node=* | --uname=*) node=${1#*=} ;;
                -l | --lifetime | -t | --type | -n | --name | -s | --set-name) shift ;;
              esac
              [ $# -gt 0 ] && shift
            done
            [ "$is_score" = yes ] || no "only the promotion score is kept here, and no other attribute" 1
            if [ -n "$node" ] && [ "$node" != "$(uname -n)" ] && [ "$node" != "${UNDERSTUDY_NODE:-}" ]; then
              no "each node gives its own instance a score; this is not $node" 1
            fi
            keep() { echo "$1" >"$kept.$$" && mv -f "$kept.$$" "$kept" || no "$kept cannot be written" 1; }
            case "$does" in
              update)
                digits=${value#[+-]}
                case "$digits" in
                  INFINITY) ;;
                  '' | *[!0-9]*) no "'$value' is no score" 64 ;;
                esac
                keep "$value"
                ;;
              delete) keep none ;;
              query)
                found=$(cat "$kept" 2>/dev/null)
                [ "${found:-none}" = none ] && found=$otherwise
                [ -n "$found" ] || no "no promotion score is set" 105
                if [ "$is_quiet" = yes ]; then echo "$found"; else echo "name=promotion-score value=$found"; fi
                ;;
            esac
            """;

    private final String what;
    private @Nullable Path directory;
    private boolean isUseless;

    /** @param what whose it is, for the log */
    PromotionScore(String what) {
        this.what = what;
    }

    /** What an agent's environment needs so that its score arrives here. */
    synchronized Map<String, String> environment(Map<String, String> given) {
        Path own = directory();
        return own == null
                ? Map.of()
                : Map.of(
                        FILE,
                        own.resolve("score").toString(),
                        PROGRAMS,
                        given.getOrDefault(PROGRAMS, own.toString()),
                        "PATH",
                        own + ":" + given.getOrDefault("PATH", ""));
    }

    private @Nullable Path directory() {
        if (directory == null && !isUseless) {
            try {
                Path made = Files.createTempDirectory(
                        DIRECTORY + ProcessHandle.current().pid() + "-",
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                directory = made;
                for (String name : List.of("crm_master", "crm_attribute")) {
                    Path program = Files.writeString(made.resolve(name), PROGRAM);
                    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
                }
            } catch (IOException | UnsupportedOperationException e) {
                LOG.warn(
                        "{}: its promotion score cannot be kept ({}), so it is 0; see java.io.tmpdir",
                        what,
                        e.toString());
                close();
                isUseless = true;
            }
        }
        return directory;
    }

    /** The newest that the agent has given. */
    synchronized Score score() {
        Path own = directory;
        if (own == null) {
            return Score.of(0);
        }
        try {
            String text = Files.readString(own.resolve("score"), StandardCharsets.US_ASCII)
                    .strip();
            return score(text.length() > TEXT_MAX ? text.substring(0, TEXT_MAX) : text);
        } catch (NoSuchFileException e) {
            return Score.of(0);
        } catch (IOException e) {
            return Score.veto("its promotion score cannot be read: " + e);
        }
    }

    private static Score score(String text) {
        if (text.equals("none")) {
            return Score.veto("the agent has taken its promotion score back");
        }
        long value;
        try {
            value = text.endsWith(INFINITY)
                    ? (text.startsWith("-") ? -INFINITE : INFINITE)
                    : Math.max(-INFINITE, Math.min(INFINITE, Long.parseLong(text)));
        } catch (NumberFormatException e) {
            return Score.veto("its promotion score is no number: " + text);
        }
        return value < 0
                ? Score.veto("the agent gives it the promotion score " + text + ", so it must not be promoted")
                : Score.of(value);
    }

    @Override
    public synchronized void close() {
        Path own = directory;
        directory = null;
        if (own == null) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(own)) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(own);
        } catch (IOException e) {
            LOG.debug("{}: {} could not be removed: {}", what, own, e.toString());
        }
    }
}
