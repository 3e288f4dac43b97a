package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.iptakeover.lab.Lab;

/** Addresses that die with their process on a real kernel, in network namespaces. See {@link DiesWithProcessScenarios}. */
@Tag("kernel")
@Timeout(90)
class DiesWithProcessNetnsIT {
    private static final Path TUN = Path.of("/dev/net/tun");

    @BeforeAll
    static void namespaces_and_tun_devices_are_there() throws IOException, InterruptedException {
        Lab.requireNamespaces();
        boolean isRoot = Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        boolean isThere = Files.isWritable(TUN);
        assumeTrue(isThere || isRoot, TUN + " may not be opened by this user: `chmod 666 " + TUN + "`, or run as root");
        assertThat(isThere).as(TUN + " must be there: `modprobe tun`").isTrue();
    }

    static Stream<String> scenarios() {
        return Arrays.stream(DiesWithProcessScenarios.class.getDeclaredMethods())
                .filter(m -> !m.isSynthetic() && !Modifier.isStatic(m.getModifiers()))
                .map(java.lang.reflect.Method::getName)
                .filter(name -> name.contains("_"))
                .sorted();
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void scenario(String name) throws IOException, InterruptedException {
        Lab.run(DiesWithProcessScenarios.class, name);
    }
}
