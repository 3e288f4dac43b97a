package org.understudy.ha.membership.enforcement.core;

import java.util.List;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;

/**
 * An enforcer of this node.
 *
 * @param covers the scopes that are over when it has acted
 * @param obstacles why it cannot be relied on here, from the start; empty if it can
 */
public record Offer(String name, Enforcement kind, List<Scope> covers, List<String> obstacles) {
    public Offer {
        covers = List.copyOf(covers);
        obstacles = List.copyOf(obstacles);
    }
}
