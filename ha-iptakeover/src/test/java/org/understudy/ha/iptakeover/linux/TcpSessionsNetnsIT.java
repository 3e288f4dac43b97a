package org.understudy.ha.iptakeover.linux;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.iptakeover.lab.Lab;

/** TCP sessions on a real kernel, in network namespaces. See {@link TcpSessionsScenarios}. */
@Timeout(90)
@Execution(ExecutionMode.CONCURRENT)
class TcpSessionsNetnsIT {

    @BeforeAll
    static void namespaces_are_there() throws IOException, InterruptedException {
        Lab.requireNamespaces();
    }

    static Stream<String> scenarios() {
        return Arrays.stream(TcpSessionsScenarios.class.getDeclaredMethods())
                .filter(m -> !m.isSynthetic() && !Modifier.isStatic(m.getModifiers()))
                .map(m -> m.getName())
                .filter(name -> name.contains("_"))
                .sorted();
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void scenario(String name) throws IOException, InterruptedException {
        Lab.run(TcpSessionsScenarios.class, name);
    }
}
