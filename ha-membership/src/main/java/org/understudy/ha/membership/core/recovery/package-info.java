/**
 * The core services that are offered to users: names, barriers and the recovery ladder, as machines on chosen records. Pure.
 *
 * @since 0.1.0
 */
@org.jspecify.annotations.NullMarked
package org.understudy.ha.membership.core.recovery;
