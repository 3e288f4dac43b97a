/**
 * The ports on Linux: netlink and packet sockets over {@code jna}. No external command is run and nothing is believed of
 * {@code /sys}, whose network part shows the namespace of whoever mounted it, not that of the process (the one look there,
 * {@link org.understudy.ha.iptakeover.linux.WirelessCards}, compares).
 *
 * <p>Used by the public package of this module and by {@link java.util.ServiceLoader}.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.iptakeover.linux;

import org.jspecify.annotations.NullMarked;
