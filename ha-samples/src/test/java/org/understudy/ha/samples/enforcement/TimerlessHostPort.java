package org.understudy.ha.samples.enforcement;

import java.util.List;
import org.understudy.ha.api.spi.HostPort;
import org.understudy.ha.iptakeover.linux.LinuxHostPort;

/** This host without its kill timer: only the guardian is left to kill. */
public final class TimerlessHostPort implements HostPort {
    private final HostPort host = new LinuxHostPort();

    @Override
    public String name() {
        return "timerless";
    }

    @Override
    public String unavailableBecause() {
        return host.unavailableBecause();
    }

    @Override
    public long bootNanos() {
        return host.bootNanos();
    }

    @Override
    public ProcessWatch watch(long pid) {
        return host.watch(pid);
    }

    @Override
    public List<Removal> lastRites(List<Integer> tags, List<String> claims) {
        return host.lastRites(tags, claims);
    }

    @Override
    public void warmUp() {
        host.warmUp();
    }
}
