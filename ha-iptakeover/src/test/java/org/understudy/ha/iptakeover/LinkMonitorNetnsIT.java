package org.understudy.ha.iptakeover;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.iptakeover.lab.Lab;

/** The link and its gateway on a real kernel, in network namespaces. See {@link LinkMonitorScenarios}. */
@Tag("kernel")
@Timeout(90)
@Execution(ExecutionMode.CONCURRENT)
class LinkMonitorNetnsIT {

    @BeforeAll
    static void namespaces_are_there() throws IOException, InterruptedException {
        Lab.requireNamespaces();
    }

    static Stream<String> scenarios() {
        return Arrays.stream(LinkMonitorScenarios.class.getDeclaredMethods())
                .filter(m -> !m.isSynthetic() && !Modifier.isStatic(m.getModifiers()))
                .map(Method::getName)
                .filter(name -> name.contains("_"))
                .sorted();
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void scenario(String name) throws IOException, InterruptedException {
        Lab.run(LinkMonitorScenarios.class, name);
    }
}
