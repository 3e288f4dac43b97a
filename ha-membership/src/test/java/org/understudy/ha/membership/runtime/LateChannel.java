package org.understudy.ha.membership.runtime;

import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.spi.AbstractInterruptibleChannel;

/** A channel of which the test says when it is closed at last; whoever interrupts its reader waits for that. */
public final class LateChannel extends AbstractInterruptibleChannel {
    private final Runnable reading;
    private final Runnable closing;

    /**
     * @param reading returns when what is read is there
     * @param closing returns when it is closed
     */
    public LateChannel(Runnable reading, Runnable closing) {
        this.reading = reading;
        this.closing = closing;
    }

    /** Reads, and returns whether nobody closed it meanwhile. */
    public boolean read() {
        begin();
        reading.run();
        try {
            end(true);
            return true;
        } catch (AsynchronousCloseException e) {
            return false;
        }
    }

    @Override
    protected void implCloseChannel() {
        closing.run();
    }
}
