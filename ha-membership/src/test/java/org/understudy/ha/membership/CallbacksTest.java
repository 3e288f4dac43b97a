package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.internal.loop.NamedThreads;

@Timeout(60)
class CallbacksTest {

    private final Callbacks callbacks = new Callbacks(new NamedThreads(Thread::new, NodeId.of("a")));

    @Test
    void what_is_completed_is_completed_on_a_thread_of_its_own_until_the_close_and_after_it_by_whoever_completes_it()
            throws Exception {
        CompletableFuture<Thread> before = new CompletableFuture<>();
        callbacks.execute(() -> before.complete(Thread.currentThread()));
        assertThat(before.get(30, TimeUnit.SECONDS).getName()).isEqualTo("ha-a-callbacks");

        callbacks.close();

        CompletableFuture<Thread> after = new CompletableFuture<>();
        callbacks.execute(() -> after.complete(Thread.currentThread()));
        assertThat(after).isCompletedWithValue(Thread.currentThread());
        before.join().join();
    }
}
