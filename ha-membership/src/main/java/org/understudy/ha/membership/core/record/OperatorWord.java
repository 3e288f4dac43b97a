package org.understudy.ha.membership.core.record;

/**
 * What an operator vouched for. Kept in the record, so that nobody has to wonder later why something was taken for true.
 *
 * @param number of the record it was written with
 * @param what one sentence
 * @param who gave it
 * @param why their reason
 */
public record OperatorWord(long number, String what, String who, String why) {}
