/**
 * Addresses and frames as values of bytes: IPv4, IPv6 and hardware addresses, Ethernet, ARP and neighbour discovery.
 *
 * <p>Pure: no I/O, no clock, no name service. Every package of this module may use it.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.iptakeover.packet;

import org.jspecify.annotations.NullMarked;
