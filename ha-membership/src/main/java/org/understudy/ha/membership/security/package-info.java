/**
 * Who may talk in a cluster: the cluster's own certificate authority, one key store for each node, and the trust rule that
 * binds a certificate to a configured node name.
 *
 * <p>Edge package: files, the JDK's {@code keytool} and JSSE. Knows no sockets and no JGroups; {@code membership.jgroups}
 * and the composition root may import it.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.membership.security;

import org.jspecify.annotations.NullMarked;
