package org.understudy.ha.iptakeover;

/**
 * What the owner of an address does about a host that claims it without a token of this cluster. An owner with a newer token is always
 * yielded to, and one with an older token is told again who the owner is, whatever the policy. As long as this host stays, its monitor says
 * {@link org.understudy.ha.api.spi.Health.State#DEGRADED} with the reason, until a minute after the claim was last heard.
 */
public enum RivalPolicy {
    /** Raises an alarm, announces once, at most every ten seconds (RFC 5227, 2.4 (c)), and stays. The default. */
    DEFEND,
    /** Raises an alarm and says nothing on the segment. */
    ALARM_ONLY,
    /** Lets go of the address (RFC 5227, 2.4 (a)). Then anybody on the segment can take the service down with one frame. */
    YIELD
}
