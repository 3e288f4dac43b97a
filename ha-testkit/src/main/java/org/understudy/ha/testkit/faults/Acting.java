package org.understudy.ha.testkit.faults;

import java.util.Optional;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;

/**
 * A resource that acts on a thread of its own from its start to its stop, and reports both: {@code S}, instant, group, life,
 * token, proof; and {@code E}, instant, group, life, token.
 */
abstract class Acting implements ManagedResource {
    final Report report;
    final String life;
    private volatile Optional<Thread> thread = Optional.empty();

    Acting(Report report, String life) {
        this.report = report;
        this.life = life;
    }

    /** Makes ready in the lane; the effect begins with its return at the latest. */
    abstract void open(StartContext context) throws ResourceException;

    /** Acts until the thread is interrupted. */
    abstract void act(StartContext context) throws InterruptedException;

    /** Ends the effect, also after a failed {@link #open}; lets a blocked {@link #act} go. */
    abstract void close(StopContext context) throws ResourceException;

    @Override
    public final void start(StartContext context) throws ResourceException {
        report.line(
                "S", System.nanoTime(), context.group(), life, context.token().value(), context.proof());
        open(context);
        Thread actor = new Thread(
                () -> {
                    try {
                        act(context);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "act-" + context.group());
        actor.setDaemon(true);
        thread = Optional.of(actor);
        actor.start();
    }

    @Override
    public final void stop(StopContext context) throws ResourceException, InterruptedException {
        Optional<Thread> actor = thread;
        actor.ifPresent(Thread::interrupt);
        close(context);
        if (actor.isPresent()) {
            actor.get().join();
        }
        thread = Optional.empty();
        report.line(
                "E", System.nanoTime(), context.group(), life, context.token().value());
    }

    @Override
    public final Health monitor() {
        return thread.filter(Thread::isAlive).isPresent()
                ? Health.healthy()
                : Health.failed(Severity.SOFT, "its thread has ended");
    }
}
