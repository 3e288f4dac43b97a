/** What a cluster survives: every single and every double fault, played through with the planner itself. Pure. */
@NullMarked
package org.understudy.ha.membership.core.assumptions;

import org.jspecify.annotations.NullMarked;
