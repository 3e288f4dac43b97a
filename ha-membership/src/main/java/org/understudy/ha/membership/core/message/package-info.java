/** What nodes say to each other about ownership: values only. Pure. Every message may be lost, repeated, late or reordered. */
@NullMarked
package org.understudy.ha.membership.core.message;

import org.jspecify.annotations.NullMarked;
