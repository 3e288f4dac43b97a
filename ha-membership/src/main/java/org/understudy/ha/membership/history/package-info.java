/** The history of decisions: its thread, its files, its bounds. Nothing that decides waits for anything here. */
@NullMarked
package org.understudy.ha.membership.history;

import org.jspecify.annotations.NullMarked;
