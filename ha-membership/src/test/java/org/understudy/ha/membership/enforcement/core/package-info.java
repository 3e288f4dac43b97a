/** Tests of the pure rules of enforcement. */
@org.jspecify.annotations.NullMarked
package org.understudy.ha.membership.enforcement.core;
