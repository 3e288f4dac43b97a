/** The walls of the house, held by tests; in this module because it sees all others. */
package org.understudy.ha.architecture;
