package org.understudy.ha.iptakeover.lab;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.ThreadFactory;
import org.understudy.ha.api.spi.ManagedResource.StartContext;

/**
 * Lets something happen at one of the things, or lets it fail that a start asks of whoever calls it: of its context, and of the factory of its threads. Of those only that are asked
 * by the thread that made this.
 */
final class Faults implements ThreadFactory {
    private final Thread starter = Thread.currentThread();
    private int left;
    private Runnable before = () -> {};
    private boolean isFailing;

    /**
     * @param number which one, from 1; 0 for none
     * @param before what happens right before that
     * @param isFailing whether it then fails
     */
    void plan(int number, Runnable before, boolean isFailing) {
        this.left = number;
        this.before = before;
        this.isFailing = isFailing;
    }

    /** Whether what was planned is still to come. */
    boolean isPlanned() {
        return left > 0;
    }

    private boolean isDue() {
        return Thread.currentThread() == starter && left > 0 && --left == 0;
    }

    StartContext around(StartContext real) {
        Class<?>[] type = {StartContext.class};
        return (StartContext) Proxy.newProxyInstance(type[0].getClassLoader(), type, (self, method, arguments) -> {
            if (isDue()) {
                before.run();
                if (isFailing) {
                    throw new IllegalStateException("planned at " + method.getName());
                }
            }
            try {
                return method.invoke(real, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
    }

    /** If it is to fail, one that cannot be started, as where the system has no room for another. */
    @Override
    public Thread newThread(Runnable task) {
        if (!isDue()) {
            return new Thread(task);
        }
        return new Thread(task) {
            @Override
            public void start() {
                before.run();
                if (isFailing) {
                    throw new OutOfMemoryError("planned at " + getName());
                }
                super.start();
            }
        };
    }
}
