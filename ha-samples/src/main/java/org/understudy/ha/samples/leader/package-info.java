/** A leader that writes under its token: the code of the guide on leases and elections. */
@NullMarked
package org.understudy.ha.samples.leader;

import org.jspecify.annotations.NullMarked;
