/**
 * What the words and numbers of agents mean: exit statuses, metadata, states of units, and in which order roles are changed. Pure.
 */
@NullMarked
package org.understudy.ha.membership.agents.core;

import org.jspecify.annotations.NullMarked;
