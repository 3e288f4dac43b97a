package org.understudy.ha.iptakeover;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.iptakeover.lab.Lab;
import org.understudy.ha.iptakeover.lab.Networkd;

/** Floating addresses beside a real systemd-networkd that manages their card. See {@link SystemdNetworkdScenarios}. */
@Tag("kernel")
@Timeout(90)
class SystemdNetworkdNetnsIT {

    @BeforeAll
    static void namespaces_are_there() throws IOException, InterruptedException {
        Lab.requireNamespaces();
    }

    @Test
    void what_it_takes_away_is_back_at_once_unless_it_is_told_to_keep_it() throws IOException, InterruptedException {
        assumeTrue(
                Networkd.isThere(),
                "NOT SHOWN: needs root, because it changes its user; systemd and dbus (apt-get install)");
        Lab.runAsRoot(SystemdNetworkdScenarios.class);
    }
}
