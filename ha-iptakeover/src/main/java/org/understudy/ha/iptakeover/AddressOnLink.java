package org.understudy.ha.iptakeover;

import java.util.List;
import java.util.Set;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.ResourceException;

/**
 * A floating address on an interface that an earlier resource of its group makes or puts up. Before that one has started there is
 * nothing to look at, so the card beside answers whether the address could stand here and who else uses it.
 */
final class AddressOnLink implements ManagedResource {
    private final FloatingAddress address;
    private final FloatingAddress beside;

    AddressOnLink(String address, String networkInterface, String besideInterface) {
        this.address = FloatingAddress.builder()
                .address(address)
                .networkInterface(networkInterface)
                .inNetworkOf(besideInterface)
                .build();
        this.beside = FloatingAddress.of(address, besideInterface);
    }

    @Override
    public void start(StartContext context) throws ResourceException, InterruptedException {
        address.start(context);
    }

    @Override
    public void stop(StopContext context) throws ResourceException, InterruptedException {
        address.stop(context);
    }

    @Override
    public Health monitor() {
        return address.monitor();
    }

    @Override
    public Presence probe() {
        return address.monitor().state() == Health.State.NOT_RUNNING ? beside.probe() : Presence.HERE;
    }

    @Override
    public Eligibility eligibility() {
        return beside.eligibility();
    }

    @Override
    public Scope scope() {
        return address.scope();
    }

    @Override
    public Set<Enforcement> enforcements() {
        return address.enforcements();
    }

    @Override
    public List<String> remains() {
        return address.remains();
    }

    @Override
    public String toString() {
        return address.toString();
    }
}
