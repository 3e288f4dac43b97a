package org.understudy.ha.iptakeover;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.iptakeover.lab.Lab;

/** The gate that has an absolute deadline, on a real kernel. Needs root of the host. See {@link DeadlineGateScenarios}. */
@Tag("kernel")
@Timeout(90)
class DeadlineGateNetnsIT {

    @BeforeAll
    static void the_kernel_compares_deadlines() throws IOException, InterruptedException {
        Lab.requireNamespaces();
        assumeTrue(Lab.hasDeadline(), "this user may not use BPF, or the kernel is older than 6.6");
    }

    static Stream<String> scenarios() {
        return Arrays.stream(DeadlineGateScenarios.class.getDeclaredMethods())
                .filter(m -> !m.isSynthetic() && !Modifier.isStatic(m.getModifiers()))
                .map(Method::getName)
                .filter(name -> name.contains("_"))
                .sorted();
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void scenario(String name) throws IOException, InterruptedException {
        Lab.runAsRoot(DeadlineGateScenarios.class, name);
    }
}
