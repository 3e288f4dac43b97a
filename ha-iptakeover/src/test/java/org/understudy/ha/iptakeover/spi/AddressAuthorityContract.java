package org.understudy.ha.iptakeover.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.AddressAuthority.Answer;
import org.understudy.ha.iptakeover.spi.AddressAuthority.Claim;
import org.understudy.ha.iptakeover.spi.AddressAuthority.Fencing;
import org.understudy.ha.iptakeover.spi.AddressAuthority.Verdict;

/** What every authority does that can be asked and answers in time. */
@Timeout(60)
public abstract class AddressAuthorityContract {
    private static final Duration BUDGET = Duration.ofSeconds(10);

    /** A new one, which compares tokens, with an address that nobody has. */
    protected abstract AddressAuthority authority() throws Exception;

    public static Claim claim(String node, long token) {
        return new Claim(
                IpAddress.parse("192.0.2.50").orElseThrow(), NodeId.of(node), Map.of(), new FencingToken(token));
    }

    @Test
    void can_be_asked() throws Exception {
        AddressAuthority authority = authority();
        assertThat(authority.obstacle()).isEmpty();
        assertThat(authority.name()).isNotEmpty();
        assertThat(authority.fencing()).isEqualTo(Fencing.BY_TOKEN);
    }

    @Test
    void an_address_is_where_it_was_assigned_until_it_is_released() throws Exception {
        AddressAuthority authority = authority();
        assertThat(owner(authority, "serv1", 7)).isEqualTo(Verdict.NO);
        assertThat(assign(authority, "serv1", 7)).isEqualTo(Verdict.YES);
        assertThat(assign(authority, "serv1", 7)).isEqualTo(Verdict.YES);
        assertThat(owner(authority, "serv1", 7)).isEqualTo(Verdict.YES);
        assertThat(release(authority, "serv1", 7)).isEqualTo(Verdict.YES);
        assertThat(release(authority, "serv1", 7)).isEqualTo(Verdict.YES);
        assertThat(owner(authority, "serv1", 7)).isEqualTo(Verdict.NO);
    }

    @Test
    void a_newer_owner_takes_it_and_an_older_one_can_neither_take_it_back_nor_release_it() throws Exception {
        AddressAuthority authority = authority();
        assertThat(assign(authority, "serv1", 7)).isEqualTo(Verdict.YES);
        assertThat(assign(authority, "serv2", 8)).isEqualTo(Verdict.YES);
        assertThat(owner(authority, "serv1", 7)).isEqualTo(Verdict.NO);
        assertThat(assign(authority, "serv1", 7)).isEqualTo(Verdict.NO);
        assertThat(release(authority, "serv1", 7)).isEqualTo(Verdict.YES);
        assertThat(owner(authority, "serv2", 8)).isEqualTo(Verdict.YES);
    }

    @Test
    void a_token_is_remembered_over_a_release() throws Exception {
        AddressAuthority authority = authority();
        assertThat(assign(authority, "serv2", 8)).isEqualTo(Verdict.YES);
        assertThat(release(authority, "serv2", 8)).isEqualTo(Verdict.YES);
        assertThat(assign(authority, "serv1", 7)).isEqualTo(Verdict.NO);
        assertThat(owner(authority, "serv1", 7)).isEqualTo(Verdict.NO);
    }

    private static Verdict assign(AddressAuthority authority, String node, long token) throws InterruptedException {
        return told(authority.assign(claim(node, token), BUDGET));
    }

    private static Verdict release(AddressAuthority authority, String node, long token) throws InterruptedException {
        return told(authority.release(claim(node, token), BUDGET));
    }

    private static Verdict owner(AddressAuthority authority, String node, long token) throws InterruptedException {
        return told(authority.owner(claim(node, token), BUDGET));
    }

    private static Verdict told(Answer answer) {
        assertThat(answer.detail()).doesNotContain("\n");
        return answer.verdict();
    }
}
