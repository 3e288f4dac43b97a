/**
 * Sinks that compare fencing tokens: what makes a stale owner harmless although nobody could stop it.
 *
 * <p>{@link org.understudy.ha.api.sink.FencedSink} is the contract. Implementations live with what they write to; they prove
 * themselves by extending {@code FencedSinkContract} of {@code ha-testkit}.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.api.sink;

import org.jspecify.annotations.NullMarked;
