package org.understudy.ha.iptakeover.lab;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.iptakeover.linux.LinuxHostPort;

/** A lease of 0.96 s that a thread confirms every 100 ms, as long as it is not over and nobody said stop. */
public final class TestLease implements EnforcedLease {
    private static final long LENGTH = 960_000_000;

    private final LinuxHostPort port = new LinuxHostPort();
    private final FencingToken token;
    private volatile long confirmed = port.bootNanos();
    private volatile boolean confirming = true;
    private volatile boolean over;

    TestLease() {
        this(7);
    }

    TestLease(long token) {
        this.token = new FencingToken(token);
        Thread thread = new Thread(this::confirm, "test-lease");
        thread.setDaemon(true);
        thread.start();
    }

    private void confirm() {
        try {
            while (!over) {
                new CountDownLatch(1).await(100, TimeUnit.MILLISECONDS);
                if (isValid() && confirming) {
                    confirmed = port.bootNanos();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void stopConfirming() {
        confirming = false;
    }

    void end() {
        over = true;
    }

    @Override
    public FencingToken token() {
        return token;
    }

    @Override
    public boolean isValid() {
        if (nowNanos() - confirmed >= LENGTH) {
            over = true;
        }
        return !over;
    }

    @Override
    public Duration remaining() {
        return Duration.ofNanos(Math.max(0, confirmed + LENGTH - nowNanos()));
    }

    @Override
    public long nowNanos() {
        return port.bootNanos();
    }

    @Override
    public long confirmedNanos() {
        return confirmed;
    }

    @Override
    public long lengthNanos() {
        return LENGTH;
    }
}
