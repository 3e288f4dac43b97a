/** What the cluster record should become: a pure function of the record and the facts at hand, with reasons. */
@NullMarked
package org.understudy.ha.membership.core.plan;

import org.jspecify.annotations.NullMarked;
