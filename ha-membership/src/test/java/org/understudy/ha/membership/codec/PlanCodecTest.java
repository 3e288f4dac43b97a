package org.understudy.ha.membership.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.understudy.ha.membership.core.history.KeptPlan;
import org.understudy.ha.membership.core.plan.Facts;

class PlanCodecTest {

    /** Whoever adds a fact adds it to the codec, to {@link Facts#copy()} and to the seed: a replay without it decides otherwise. */
    @Test
    void every_fact_is_kept() throws Exception {
        KeptPlan plan = PlanFuzz.plan();
        KeptPlan again = PlanCodec.decode(PlanCodec.encode(plan));
        for (RecordComponent part : Facts.class.getRecordComponents()) {
            // Code is not kept: the policies of the running node are used.
            if (!part.getName().equals("policies")) {
                Object value = part.getAccessor().invoke(plan.facts());
                assertThat(isNothing(value))
                        .as("the seed says nothing of " + part.getName())
                        .isFalse();
                assertThat(part.getAccessor().invoke(again.facts()))
                        .as(part.getName())
                        .isEqualTo(value);
                assertThat(part.getAccessor().invoke(plan.facts().copy()))
                        .as(part.getName())
                        .isEqualTo(value);
            }
        }
        assertThat(again).isEqualTo(plan);
    }

    private static boolean isNothing(Object value) {
        return value instanceof Collection<?> all && all.isEmpty()
                || value instanceof Map<?, ?> map && map.isEmpty()
                || value.equals(0L)
                || value.equals(false);
    }
}
