package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class InCommonTest {
    private final InCommon inCommon = new InCommon();

    @Test
    void there_is_one_of_each_type_for_a_node() {
        StringBuilder one = inCommon.of(StringBuilder.class, StringBuilder::new);
        assertThat(inCommon.of(StringBuilder.class, StringBuilder::new)).isSameAs(one);
        assertThat(inCommon.of(Object.class, Object::new)).isNotSameAs(one);
        assertThat(new InCommon().of(StringBuilder.class, StringBuilder::new)).isNotSameAs(one);
    }

    @Test
    void what_makes_nothing_is_named_and_may_be_tried_again() {
        assertThatThrownBy(() -> inCommon.of(String.class, () -> null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("nothing was made of java.lang.String");
        assertThat(inCommon.of(String.class, () -> "later")).isEqualTo("later");
    }
}
