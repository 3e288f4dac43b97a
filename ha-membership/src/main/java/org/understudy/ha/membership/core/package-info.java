/**
 * Who may own what: the deciding classes. Pure.
 *
 * <p>{@link org.understudy.ha.membership.core.NodeMachine} is the whole of one node; it is made of an
 * {@link org.understudy.ha.membership.core.Acceptor}, a {@link org.understudy.ha.membership.core.Proposer}, a
 * {@link org.understudy.ha.membership.core.LeaseKeeper} and the local groups. {@code .record} holds the cluster record,
 * {@code .message} what nodes say to each other, {@code .plan} what the record should become.
 */
@NullMarked
package org.understudy.ha.membership.core;

import org.jspecify.annotations.NullMarked;
