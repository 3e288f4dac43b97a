package org.understudy.ha.testkit.figures;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What the runs of one fault showed of one contender.
 *
 * @param gap4 longest time of the client without an answer from the IPv4 address
 * @param gap6 the same of the IPv6 address
 * @param arp from the fault to the last answer of the old host by ARP
 * @param discovery the same by neighbour discovery
 * @param doubles time in which two hosts answered, by either
 * @param resets from the new owner's first answer to the end of the last idle connection of the old one
 * @param instants of each run: what happened how long after the fault
 */
record TakeoverRuns(
        Spread gap4,
        Spread gap6,
        Spread arp,
        Spread discovery,
        Spread doubles,
        Spread resets,
        List<Map<String, Long>> instants) {
    TakeoverRuns() {
        this(new Spread(), new Spread(), new Spread(), new Spread(), new Spread(), new Spread(), new ArrayList<>());
    }
}
