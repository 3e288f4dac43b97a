package org.understudy.ha.iptakeover.lab;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.ThreadFactory;
import org.understudy.ha.api.spi.ManagedResource.StartContext;

/**
 * Lets one of the things fail that a start asks of whoever calls it: of its context, and of the factory of its threads. Of those only that are asked
 * by the thread that made this.
 */
final class Faults implements ThreadFactory {
    private final Thread starter = Thread.currentThread();
    private int left;
    private Runnable before = () -> {};

    /**
     * @param number which one fails, from 1; 0 for none
     * @param before what happens right before that
     */
    void plan(int number, Runnable before) {
        this.left = number;
        this.before = before;
    }

    private boolean isDue() {
        return Thread.currentThread() == starter && left > 0 && --left == 0;
    }

    StartContext around(StartContext real) {
        Class<?>[] type = {StartContext.class};
        return (StartContext) Proxy.newProxyInstance(type[0].getClassLoader(), type, (self, method, arguments) -> {
            if (isDue()) {
                before.run();
                throw new IllegalStateException("planned at " + method.getName());
            }
            try {
                return method.invoke(real, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
    }

    /** One that cannot be started, as where the system has no room for another. */
    @Override
    public Thread newThread(Runnable task) {
        if (!isDue()) {
            return new Thread(task);
        }
        return new Thread(task) {
            @Override
            public void start() {
                before.run();
                throw new OutOfMemoryError("planned at " + getName());
            }
        };
    }
}
