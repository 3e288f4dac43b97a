package org.understudy.ha.iptakeover;

import org.understudy.ha.iptakeover.spi.AddressAuthority;
import org.understudy.ha.iptakeover.spi.AddressAuthorityContract;

class FakeAuthorityTest extends AddressAuthorityContract {
    @Override
    protected AddressAuthority authority() {
        return new FakeAuthority();
    }
}
