/**
 * Who may own what: the deciding classes. Pure.
 *
 * <p>{@link org.understudy.ha.membership.core.NodeMachine} is the whole of one node; it is made of an
 * {@link org.understudy.ha.membership.core.Acceptor}, a {@link org.understudy.ha.membership.core.Proposer}, a
 * {@link org.understudy.ha.membership.core.LeaseKeeper}, the {@link org.understudy.ha.membership.core.LocalGroups}, and of what it
 * knows beside the record: whom it hears, last wills, what was given back, what is asked for. Each part keeps one rule.
 * Parts share nothing: each is handed for one call what it needs of another. {@code .record} holds the cluster record,
 * {@code .message} what nodes say to each other, {@code .plan} what the record should become.
 */
@NullMarked
package org.understudy.ha.membership.core;

import org.jspecify.annotations.NullMarked;
