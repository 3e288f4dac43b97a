package org.understudy.ha.internal.machine;

import java.util.List;
import java.util.Optional;

/**
 * What one input led to.
 *
 * @param persist a fact that must be durable before any effect in {@code then} happens
 * @param persistNumber grows with each fact; reported back when it is durable; 0 without a fact
 * @param urgent effects that wait for nothing
 * @param then effects that wait until this and every earlier fact is durable
 * @param notices what happened and why, for people
 */
public record Step<E, D>(Optional<D> persist, long persistNumber, List<E> urgent, List<E> then, List<Notice> notices) {
    public Step {
        urgent = List.copyOf(urgent);
        then = List.copyOf(then);
        notices = List.copyOf(notices);
    }
}
