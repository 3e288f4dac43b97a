/** What changes from one record to the next, told as decisions. Pure. */
@NullMarked
package org.understudy.ha.membership.core.history;

import org.jspecify.annotations.NullMarked;
