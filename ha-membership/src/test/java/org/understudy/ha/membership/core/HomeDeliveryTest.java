package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.ballot;
import static org.understudy.ha.membership.core.Records.vote;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.membership.core.message.Message;

class HomeDeliveryTest {

    private static final DurableState FACT = DurableState.EMPTY;

    private final HomeDelivery home = new HomeDelivery();

    @Test
    void what_needs_no_disk_is_there_at_once() {
        home.begin();
        home.deliver(accepted(1));

        assertThat(delivered()).containsExactly(accepted(1));
    }

    @Test
    void an_answer_waits_until_its_fact_is_on_disk() {
        home.begin();
        home.answer(accepted(1));
        long number = home.write(FACT);
        assertThat(home.isEmpty()).isTrue();

        assertThat(home.persisted(number)).containsSame(FACT);
        assertThat(delivered()).containsExactly(accepted(1));
        assertThat(home.persisted(number)).isEmpty();
        assertThat(home.isEmpty()).isTrue();
    }

    @Test
    void an_answer_that_states_nothing_new_waits_for_the_write_before_it() {
        home.begin();
        home.answer(accepted(1));
        long first = home.write(FACT);
        home.begin();
        home.answer(accepted(2));
        home.writeNothing();
        assertThat(home.isEmpty()).isTrue();

        home.persisted(first);
        assertThat(delivered()).containsExactly(accepted(1), accepted(2));
    }

    @Test
    void with_no_write_under_way_an_answer_that_states_nothing_new_does_not_wait() {
        home.begin();
        home.answer(accepted(1));
        home.writeNothing();

        assertThat(delivered()).containsExactly(accepted(1));
    }

    @Test
    void a_write_that_is_on_disk_has_those_before_it_there_and_none_after_it() {
        List<Long> numbers = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            home.begin();
            home.answer(accepted(i));
            numbers.add(home.write(FACT));
        }

        home.persisted(numbers.get(1));
        assertThat(delivered()).containsExactly(accepted(1), accepted(2));
        home.persisted(numbers.get(2));
        assertThat(delivered()).containsExactly(accepted(3));
    }

    private List<Message> delivered() {
        List<Message> all = new ArrayList<>();
        while (!home.isEmpty()) {
            all.add(home.next());
        }
        return all;
    }

    private static Message accepted(long round) {
        return new Message.Accepted(ballot(round), vote(A), false);
    }
}
