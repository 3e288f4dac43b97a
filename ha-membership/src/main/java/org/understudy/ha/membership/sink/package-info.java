/**
 * Ready {@linkplain org.understudy.ha.api.sink.FencedSink sinks} that compare fencing tokens and need nothing but a disk.
 *
 * <p>They live in this module because whoever has a lease or leads an election has it on the class path: a leader that writes a file
 * needs no further dependency. They use the file steps of {@code membership.store} and no other part of the module, and work
 * without a running node; users may import this package. Touches files and nothing else: no thread, no log; the clock only bounds
 * how long a call waits for another writer.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.membership.sink;

import org.jspecify.annotations.NullMarked;
