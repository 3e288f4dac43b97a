/** Hosts in network namespaces for the tests of this module: a bridge, and behind each port a namespace with JVMs. */
@NullMarked
package org.understudy.ha.iptakeover.lab;

import org.jspecify.annotations.NullMarked;
