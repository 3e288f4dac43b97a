/**
 * The cluster record and what it is made of: values only. Pure. Everything is ordered, so equal records have equal bytes.
 */
@NullMarked
package org.understudy.ha.membership.core.record;

import org.jspecify.annotations.NullMarked;
