package org.understudy.ha.internal.machine;

/**
 * Something happened, for people to read and tests to check.
 *
 * @param subject what it is about, for example a group or a node
 * @param reason why
 * @param detail values, readable
 */
public record Notice(String subject, Reason reason, String detail) {
    @Override
    public String toString() {
        return reason + " " + subject + (detail.isEmpty() ? "" : ": " + detail);
    }
}
