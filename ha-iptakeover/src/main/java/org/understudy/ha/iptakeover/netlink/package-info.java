/**
 * Netlink messages as values: the header, attributes, addresses, links, acknowledgements and the part of nf_tables the
 * address gate needs. Integers are in the byte order of the host, except where nf_tables wants network order.
 *
 * <p>Pure: bytes in, values out and back; sockets live in {@code linux}. An attribute this code does not know is kept
 * verbatim. Sources: {@code linux/netlink.h}, {@code rtnetlink.h}, {@code if_addr.h}, {@code if_link.h},
 * {@code netfilter/nfnetlink.h}, {@code netfilter/nf_tables.h}.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.iptakeover.netlink;

import org.jspecify.annotations.NullMarked;
