/** What an operator's tool asks a node, and what it answers: values only. Pure. */
@NullMarked
package org.understudy.ha.membership.core.admin;

import org.jspecify.annotations.NullMarked;
