package org.understudy.ha.membership.enforcement.core;

import java.util.List;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;

/**
 * What has to be known of a resource to say what ends it.
 *
 * @param own what it says ends it
 * @param mayOverlap whether two of it do no harm
 */
public record Subject(String name, Scope scope, List<Enforcement> own, boolean mayOverlap) {
    public Subject {
        own = List.copyOf(own);
    }
}
