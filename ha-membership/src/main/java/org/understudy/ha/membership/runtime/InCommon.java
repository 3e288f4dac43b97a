package org.understudy.ha.membership.runtime;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** What the resources of one node have in common, one object of each type, for as long as the node lives, and its class with it. Any thread. */
public final class InCommon {
    private final Map<Class<?>, Object> all = new ConcurrentHashMap<>();

    /** The one of this type, made if there is none. */
    <T> T of(Class<T> type, Supplier<T> make) {
        Object one = all.computeIfAbsent(
                type, key -> Objects.requireNonNull(make.get(), () -> "nothing was made of " + type.getName()));
        return type.cast(one);
    }
}
