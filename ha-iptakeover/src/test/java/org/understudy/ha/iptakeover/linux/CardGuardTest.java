package org.understudy.ha.iptakeover.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Libc;

class CardGuardTest {

    @Test
    void a_program_that_is_refused_is_told_with_the_first_reason_and_the_words_of_the_verifier() {
        PlatformException first = new PlatformException("BPF_PROG_LOAD", Libc.EACCES, "refused");
        PlatformException told =
                CardGuard.refusal(first, new PlatformException("BPF_PROG_LOAD", Libc.EACCES, "refused"), "R1 !read_ok");
        assertThat(told.errno()).isEqualTo(Libc.EACCES);
        assertThat(told)
                .hasMessage("the kernel refused a program of this library, EACCES (permission denied); the words of its"
                        + " verifier: R1 !read_ok")
                .hasCause(first);
    }

    @Test
    void that_there_was_no_room_for_its_words_does_not_hide_the_reason() {
        PlatformException first = new PlatformException("BPF_PROG_LOAD", Libc.EINVAL, "refused");
        PlatformException second = new PlatformException("BPF_PROG_LOAD", Libc.ENOSPC, "log too small");
        PlatformException told = CardGuard.refusal(first, second, "");
        assertThat(told.errno()).isEqualTo(Libc.EINVAL);
        assertThat(told)
                .hasMessage(
                        "the kernel refused a program of this library, EINVAL (invalid argument); asked for its words, it"
                                + " said ENOSPC (no room)")
                .hasCause(first)
                .hasSuppressedException(second);
    }

    @Test
    void what_is_done_in_spite_of_an_error_does_not_hide_it() {
        PlatformException first = new PlatformException("NFT_MSG_NEWTABLE", Libc.EPERM, "somebody has it");
        PlatformException second = new PlatformException("BPF_MAP_DELETE_ELEM", Libc.ENOMEM, "no memory");
        assertThat(CardGuard.after(first, () -> {
                    throw second;
                }))
                .isSameAs(first)
                .hasSuppressedException(second);
    }
}
