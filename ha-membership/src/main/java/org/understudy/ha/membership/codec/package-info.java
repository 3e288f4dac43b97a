/**
 * Bytes and values: messages between nodes, the state on disk, the last will. Pure; every decoder bounds what it allocates by
 * the bytes it was given and throws {@link org.understudy.ha.api.MalformedMessageException} for anything else.
 */
@NullMarked
package org.understudy.ha.membership.codec;

import org.jspecify.annotations.NullMarked;
