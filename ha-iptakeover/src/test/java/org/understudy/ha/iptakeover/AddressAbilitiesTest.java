package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.AddressAbilities.Ability;

class AddressAbilitiesTest {
    private final AddressAbilities abilities = AddressAbilities.ofThisHost();

    @Test
    void says_of_every_ability_whether_it_is_there_and_why_not() {
        assertThat(abilities.findings())
                .extracting(AddressAbilities.Finding::ability)
                .containsExactly(Ability.values());
        assertThat(abilities.findings())
                .allSatisfy(f -> assertThat(f.reason().isEmpty()).isEqualTo(f.isThere()))
                .allSatisfy(f -> assertThat(abilities.has(f.ability())).isEqualTo(f.isThere()));
        assertThat(abilities.has(Ability.NATIVE_ACCESS)).isTrue();
    }

    @Test
    void the_table_has_a_line_for_each_and_says_what_is_weaker() {
        String[] lines = abilities.toString().split(System.lineSeparator());
        long missing = abilities.findings().stream().filter(f -> !f.isThere()).count();
        assertThat(lines).hasSize(Ability.values().length + (int) missing + 1);
        assertThat(lines[lines.length - 1])
                .endsWith("muted by " + abilities.leaseEnd().words());
        assertThat(lines[0]).isEqualTo("native access      yes");
        for (Ability ability : Ability.values()) {
            assertThat(abilities.toString()).contains(ability.label());
            if (!abilities.has(ability)) {
                assertThat(abilities.toString()).contains("without it: " + ability.without());
            }
        }
    }
}
