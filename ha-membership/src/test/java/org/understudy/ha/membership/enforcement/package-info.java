/** Tests of the edge of enforcement. */
@org.jspecify.annotations.NullMarked
package org.understudy.ha.membership.enforcement;
