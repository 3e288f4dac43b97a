package org.understudy.ha.iptakeover.linux;

import java.util.concurrent.CountDownLatch;

/** The right to change the guard of a card, kept by a thread until it is closed. */
public final class KeptCard implements AutoCloseable {
    private final CountDownLatch taken = new CountDownLatch(1);
    private final CountDownLatch end = new CountDownLatch(1);
    private final Thread keeper;

    /** @throws org.understudy.ha.api.PlatformException if it cannot be had */
    public KeptCard(int index) throws InterruptedException {
        // Taken and given back at once: what refuses it refuses it here.
        try (CardLock lock = new CardLock(index)) {
            lock.under(500, () -> {});
        }
        keeper = new Thread(() -> {
            try (CardLock lock = new CardLock(index)) {
                lock.under(500, this::keep);
            }
        });
        keeper.setDaemon(true);
        keeper.start();
        taken.await();
    }

    private void keep() {
        taken.countDown();
        try {
            end.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        end.countDown();
        try {
            keeper.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
