/**
 * Asks servers and hosts whether they work, and tells a group of it.
 *
 * <p>A {@link org.understudy.ha.membership.checks.HealthCheck} asks once, within a time; there is one for each protocol, and
 * yours may be a lambda. A {@link org.understudy.ha.membership.checks.HealthMonitor} asks again and again and counts. A
 * {@link org.understudy.ha.membership.checks.CheckedResource} puts monitors behind a {@code ManagedResource}. Health is all they tell: no answer of a
 * check is ever a proof that something has ended.
 *
 * <p>{@code .core} decides and decodes (pure) and is not for applications.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.membership.checks;

import org.jspecify.annotations.NullMarked;
