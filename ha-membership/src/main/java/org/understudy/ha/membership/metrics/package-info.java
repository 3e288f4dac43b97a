/** Counts what happens on a node and puts it, with what is known already, into values. Knows no registry. */
@NullMarked
package org.understudy.ha.membership.metrics;

import org.jspecify.annotations.NullMarked;
