/**
 * The contract of fenced sinks as a test that an implementer extends. Needs JUnit Jupiter on the test class path.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.testkit.sink;

import org.jspecify.annotations.NullMarked;
