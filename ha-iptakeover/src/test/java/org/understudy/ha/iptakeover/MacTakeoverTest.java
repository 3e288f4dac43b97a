package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Health;

class MacTakeoverTest {

    @Test
    void a_virtual_mac_is_named_after_its_address_unless_said_otherwise() {
        VirtualMac derived = VirtualMac.on("eth0").macFrom("a").build();
        assertThat(derived.mac()).isEqualTo("02:ca:97:81:12:ca");
        assertThat(derived.networkInterface()).isEqualTo("vip02ca978112ca").hasSize(15);
        assertThat(derived).hasToString("virtual MAC 02:ca:97:81:12:ca as vip02ca978112ca on eth0");
        VirtualMac named =
                VirtualMac.on("eth0").named("vip0").mac("02:00:00:00:00:50").build();
        assertThat(named.networkInterface()).isEqualTo("vip0");
        assertThat(named.remains()).containsExactly("link/vip0", "mac/02:00:00:00:00:50");
        assertThat(named.scope()).isEqualTo(Scope.NODE);
        assertThat(named.enforcements()).containsExactly(Enforcement.COOPERATIVE);
        assertThat(named.monitor().state()).isEqualTo(Health.State.NOT_RUNNING);
        assertThat(named.address("192.0.2.50").remains()).containsExactly("address/192.0.2.50");
        assertThat(named.address("192.0.2.50")).hasToString("floating address 192.0.2.50 on vip0");
    }

    @Test
    void a_spare_card_tells_what_stays_on_the_host() {
        SpareCard card =
                SpareCard.on("eth1").beside("eth0").mac("02:00:00:00:00:50").build();
        assertThat(card.networkInterface()).isEqualTo("eth1");
        assertThat(card.remains()).containsExactly("card/eth1", "mac/02:00:00:00:00:50");
        assertThat(card.scope()).isEqualTo(Scope.NODE);
        assertThat(card.enforcements()).containsExactly(Enforcement.COOPERATIVE);
        assertThat(card.monitor().state()).isEqualTo(Health.State.NOT_RUNNING);
        assertThat(card.address("192.0.2.50")).hasToString("floating address 192.0.2.50 on eth1");
    }

    @Test
    void all_mistakes_are_reported_at_once() {
        assertThatThrownBy(
                        () -> VirtualMac.on("").named("a-name-longer-than-15").build())
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigurationException.Problem::key)
                                .containsExactly("on", "mac", "named"));
        assertThatThrownBy(() -> SpareCard.builder().build())
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigurationException.Problem::key)
                                .containsExactly("on", "beside", "mac"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"00:00:5e:00:01:0a", "01:00:00:00:00:01", "00:00:00:00:00:00", "02:00", "eth0"})
    void an_address_that_cannot_move_is_refused(String mac) {
        assertThatThrownBy(() -> VirtualMac.on("eth0").mac(mac).build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("mac = " + mac);
    }

    @Test
    void contradictions_are_refused() {
        assertThatThrownBy(() -> VirtualMac.on("eth0")
                        .mac("02:00:00:00:00:50")
                        .macFrom("a")
                        .build())
                .hasMessageContaining("give either");
        assertThatThrownBy(() -> VirtualMac.on("eth0").macFrom("a").macFrom("b"))
                .hasMessageContaining("already set to a");
        assertThatThrownBy(
                        () -> VirtualMac.on("eth0").named("eth0").macFrom("a").build())
                .hasMessageContaining("is the card itself");
        assertThatThrownBy(() -> VirtualMac.on("eth0")
                        .named("us00001267-0050")
                        .macFrom("a")
                        .build())
                .hasMessageContaining("the library uses itself");
        assertThatThrownBy(
                        () -> SpareCard.on("eth1").beside("eth1").macFrom("a").build())
                .hasMessageContaining("is the spare card itself");
        assertThatThrownBy(() -> VirtualMac.on("eth0").macFrom("a").build().address("127.0.0.1"))
                .isInstanceOf(ConfigurationException.class);
    }
}
