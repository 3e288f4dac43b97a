/**
 * A network laboratory on one real kernel: hosts are network namespaces with a LAN card and a private card, joined by
 * bridges that can be cut; clients probe floating addresses and watch for two hosts answering at once. Needs Linux, iproute2
 * and util-linux; no root, if the host allows user namespaces.
 *
 * <p>{@link org.understudy.ha.testkit.netns.Namespaces} runs a program inside private namespaces, {@link
 * org.understudy.ha.testkit.netns.Lab} builds the network there, {@link org.understudy.ha.testkit.netns.Observer} measures.
 * Not pure: starts processes and threads. For tests and demonstrations, never for production code.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.testkit.netns;

import org.jspecify.annotations.NullMarked;
