package org.understudy.ha.membership.agents.core;

import java.time.Duration;
import java.util.Optional;

/**
 * An action that an agent knows, with what it advises for it.
 *
 * @param name as the agent writes it
 * @param timeout how long it may take
 * @param interval how often it should be repeated
 * @param depth how deeply a monitor looks, the {@code OCF_CHECK_LEVEL}
 * @param role of the instance that a monitor is meant for; empty for any
 */
public record OcfOperation(
        String name, Optional<Duration> timeout, Optional<Duration> interval, int depth, String role) {

    /** Roles had other names before 1.1. */
    boolean isFor(boolean isPromoted) {
        return role.isEmpty()
                || (isPromoted ? role.matches("(?i)promoted|master") : role.matches("(?i)unpromoted|slave|started"));
    }
}
