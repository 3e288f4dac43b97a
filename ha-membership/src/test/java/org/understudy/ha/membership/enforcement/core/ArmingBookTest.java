package org.understudy.ha.membership.enforcement.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Enforcer.Terms;
import org.understudy.ha.membership.enforcement.core.ArmingBook.Act;
import org.understudy.ha.membership.enforcement.core.ArmingBook.Arm;
import org.understudy.ha.membership.enforcement.core.ArmingBook.Disarm;

/** Length 900, renewed every 100, lateness 20. */
class ArmingBookTest {
    private static final Terms TERMS = new Terms(900, 100, 20);
    private static final int TIMER = 0;
    private static final int GUARDIAN = 1;
    private static final int WATCHDOG = 2;
    private static final List<Offer> OFFERS = List.of(
            new Offer("timer", Enforcement.PROCESS_KILL, List.of(Scope.PROCESS), List.of()),
            new Offer("guardian", Enforcement.PROCESS_KILL, List.of(Scope.PROCESS), List.of()),
            new Offer("watchdog", Enforcement.HARDWARE, List.of(Scope.PROCESS, Scope.NODE), List.of()));
    private static final List<List<Integer>> PROCESS = List.of(List.of(TIMER, GUARDIAN, WATCHDOG));
    private static final List<List<Integer>> NODE = List.of(List.of(WATCHDOG));

    private final ArmingBook book = new ArmingBook(OFFERS, TERMS);

    @Test
    void nothing_is_armed_while_no_group_relies_on_it() {
        assertThat(book.confirmed(1, 1000, 1010)).isEmpty();
        assertThat(book.enter("free", 1, List.of(), 1010)).isEmpty();
        assertThat(book.isArmed("free", 1010)).isTrue();
    }

    @Test
    void the_deadline_is_the_sending_of_the_confirmed_renewal_plus_length_less_lateness() {
        book.confirmed(1, 1000, 1010);

        List<Act> acts = book.enter("files", 1, PROCESS, 1020);

        assertThat(acts).extracting(Act::enforcer).containsExactly(TIMER, GUARDIAN);
        assertThat(acts)
                .allSatisfy(
                        act -> assertThat(((Arm) act).order().deadlineNanos()).isEqualTo(1880));
    }

    @Test
    void without_a_confirmed_renewal_there_is_no_order() {
        assertThat(book.enter("files", 1, PROCESS, 1000)).isEmpty();
        assertThat(book.confirmed(1, 1000, 1010)).hasSize(2);
    }

    @Test
    void a_group_waits_for_one_acknowledgement_of_its_own_incarnation() {
        book.confirmed(1, 1000, 1010);
        long number = number(book.enter("files", 1, PROCESS, 1020));

        assertThat(book.isArmed("files", 1030)).isFalse();
        book.armed(TIMER, number, 0, 1030);
        assertThat(book.isArmed("files", 1030)).isTrue();
        assertThat(book.isArmed("files", 1880)).as("at its deadline").isFalse();
    }

    @Test
    void a_later_acknowledgement_stands_for_the_orders_before_it() {
        book.confirmed(1, 1000, 1010);
        book.enter("files", 1, PROCESS, 1020);
        List<Act> next = book.confirmed(1, 1100, 1110);
        book.armed(GUARDIAN, ((Arm) next.get(1)).order().number(), 0, 1115);

        assertThat(book.isArmed("files", 1900)).isTrue();
        assertThat(book.absence(GUARDIAN, 1900)).isEmpty();
    }

    @Test
    void an_acknowledgement_from_before_the_disarming_counts_for_nothing() {
        book.confirmed(1, 1000, 1010);
        long old = number(book.enter("files", 1, PROCESS, 1020));
        book.leave("files", 1030);
        book.enter("files", 1, PROCESS, 1040);

        book.armed(TIMER, old, 0, 1050);

        assertThat(book.isArmed("files", 1050)).isFalse();
    }

    @Test
    void it_disarms_when_the_last_group_that_relies_on_it_has_stopped() {
        book.confirmed(1, 1000, 1010);
        book.enter("files", 1, PROCESS, 1020);
        book.enter("mail", 1, PROCESS, 1020);

        assertThat(book.leave("files", 1030)).isEmpty();
        assertThat(book.leave("mail", 1040)).containsExactly(new Disarm(TIMER, 1), new Disarm(GUARDIAN, 1));
        assertThat(book.leave("mail", 1050)).isEmpty();
    }

    @Test
    void a_new_incarnation_prolongs_nothing_that_an_old_one_still_runs() {
        book.confirmed(1, 1000, 1010);
        book.enter("files", 1, PROCESS, 1020);

        assertThat(book.confirmed(2, 1500, 1510)).isEmpty();
        assertThat(book.leave("files", 1520)).hasSize(2);
        assertThat(book.enter("files", 2, PROCESS, 1530)).hasSize(2);
    }

    @Test
    void a_first_order_that_would_be_due_is_not_given() {
        book.confirmed(1, 1000, 1010);

        assertThat(book.enter("files", 1, PROCESS, 1880)).isEmpty();
        assertThat(book.isArmed("files", 1880)).isFalse();
    }

    @Test
    void an_order_is_not_repeated_without_a_newer_renewal() {
        book.confirmed(1, 1000, 1010);
        book.enter("files", 1, PROCESS, 1020);

        assertThat(book.confirmed(1, 1000, 1030)).isEmpty();
        assertThat(book.confirmed(1, 900, 1040)).isEmpty();
    }

    @Test
    void one_that_does_not_answer_for_half_a_lease_is_absent_until_it_answers() {
        book.confirmed(1, 1000, 1000);
        long number = number(book.enter("files", 1, PROCESS, 1000));

        assertThat(book.absence(GUARDIAN, 1450)).isEmpty();
        assertThat(book.absence(GUARDIAN, 1451))
                .hasValueSatisfying(why -> assertThat(why).contains("not answered"));
        book.armed(GUARDIAN, number, 0, 1460);
        assertThat(book.absence(GUARDIAN, 1460)).isEmpty();
    }

    @Test
    void one_that_was_late_is_absent_for_ten_leases() {
        book.confirmed(1, 1000, 1000);
        long number = number(book.enter("files", 1, PROCESS, 1000));

        book.armed(GUARDIAN, number, 21, 1010);

        assertThat(book.absence(GUARDIAN, 1010))
                .hasValueSatisfying(why -> assertThat(why).contains("late"));
        assertThat(book.isArmed("files", 1010)).isFalse();
        assertThat(book.absence(GUARDIAN, 1010 + 9000)).isEmpty();
    }

    @Test
    void a_lost_one_is_absent_for_good_and_the_other_still_counts() {
        book.confirmed(1, 1000, 1000);
        long number = number(book.enter("files", 1, PROCESS, 1000));
        book.armed(TIMER, number, 0, 1010);

        book.lost(GUARDIAN, "its process has ended");

        assertThat(book.absence(GUARDIAN, 1010)).hasValue("its process has ended");
        assertThat(book.isArmed("files", 1010)).isTrue();
        assertThat(book.confirmed(1, 1100, 1110)).extracting(Act::enforcer).containsExactly(TIMER);
    }

    @Test
    void the_next_harder_kind_is_armed_when_the_milder_one_is_gone() {
        book.confirmed(1, 1000, 1000);
        book.enter("files", 1, PROCESS, 1000);
        book.lost(TIMER, "gone");
        book.lost(GUARDIAN, "gone");

        assertThat(book.confirmed(1, 1100, 1110)).extracting(Act::enforcer).contains(WATCHDOG);
    }

    @Test
    void every_resource_needs_its_own_end() {
        book.confirmed(1, 1000, 1000);
        List<Act> acts = book.enter("disk", 1, List.of(PROCESS.get(0), NODE.get(0)), 1000);
        assertThat(acts).extracting(Act::enforcer).containsExactly(TIMER, GUARDIAN, WATCHDOG);

        book.armed(TIMER, ((Arm) acts.get(0)).order().number(), 0, 1010);
        assertThat(book.isArmed("disk", 1010)).isFalse();
        book.armed(WATCHDOG, ((Arm) acts.get(2)).order().number(), 0, 1010);
        assertThat(book.isArmed("disk", 1010)).isTrue();
    }

    @Test
    void a_resource_that_nobody_ends_is_never_armed() {
        book.confirmed(1, 1000, 1000);

        assertThat(book.enter("cloud", 1, List.of(List.of()), 1000)).isEmpty();
        assertThat(book.isArmed("cloud", 1000)).isFalse();
    }

    private static long number(List<Act> acts) {
        return acts.stream()
                .mapToLong(act -> ((Arm) act).order().number())
                .max()
                .orElseThrow();
    }
}
