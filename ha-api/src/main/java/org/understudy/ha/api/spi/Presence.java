package org.understudy.ha.api.spi;

/** What a probe found before the first grant. */
public enum Presence {
    ABSENT,
    /** Active on this node although nobody was granted it. */
    HERE,
    /** Active somewhere else, for example an address that a foreign host answers for. */
    ELSEWHERE,
    UNKNOWN
}
