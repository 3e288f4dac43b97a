/**
 * What checks decide and how they write: rise and fall, DNS messages, routing tables, text of strangers. Pure: no thread, clock, socket or
 * log. Used by {@code checks} only.
 */
@NullMarked
package org.understudy.ha.membership.checks.core;

import org.jspecify.annotations.NullMarked;
