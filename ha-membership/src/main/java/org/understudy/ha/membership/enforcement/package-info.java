/**
 * Ends leases without us: arms the enforcers of a node with each confirmed renewal and knows which of them can be relied on. The
 * rules are in {@code enforcement.core}; this package performs them. Imported by the lanes and by the assembly of a node.
 */
@NullMarked
package org.understudy.ha.membership.enforcement;

import org.jspecify.annotations.NullMarked;
