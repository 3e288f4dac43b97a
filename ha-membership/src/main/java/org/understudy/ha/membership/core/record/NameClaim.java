package org.understudy.ha.membership.core.record;

/**
 * What a node says of a name.
 *
 * @param isExclusive whether nobody else may own the name meanwhile
 */
public record NameClaim(String value, boolean isExclusive) {}
