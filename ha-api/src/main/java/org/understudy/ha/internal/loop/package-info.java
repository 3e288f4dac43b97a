/**
 * What drives a machine: the single-writer loop, its gate to the disk, and the ordered delivery of events. The only package
 * that creates a node's control threads. Internal: not for users.
 */
@NullMarked
package org.understudy.ha.internal.loop;

import org.jspecify.annotations.NullMarked;
