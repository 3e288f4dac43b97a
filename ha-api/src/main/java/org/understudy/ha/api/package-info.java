/**
 * The nouns of Understudy and the façade {@link org.understudy.ha.api.HaNode}.
 *
 * <p>Depends on {@code java.base} and annotations only. Unless a type says otherwise everything here is immutable and
 * may be used from any thread; nothing accepts or returns {@code null} except where annotated.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.api;

import org.jspecify.annotations.NullMarked;
