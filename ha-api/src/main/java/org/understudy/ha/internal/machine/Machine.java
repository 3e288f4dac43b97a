package org.understudy.ha.internal.machine;

/**
 * A deciding class: inputs in, steps out, nothing else. The same object runs in production and in the simulator.
 *
 * @param <I> inputs, past facts
 * @param <E> effects, orders to the driver
 * @param <D> facts to make durable
 */
public interface Machine<I, E, D> {

    /**
     * Handles one input.
     *
     * @param nowNanos boot clock of this node, never less than at the call before
     */
    Step<E, D> handle(long nowNanos, I input);

    /** When the machine wants a tick at the latest, on the same clock. */
    long nextDeadlineNanos();
}
