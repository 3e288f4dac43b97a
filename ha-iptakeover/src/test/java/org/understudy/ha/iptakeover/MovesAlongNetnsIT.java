package org.understudy.ha.iptakeover;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.iptakeover.lab.Lab;

/** What moves along with an address, and cards that are none, on a real kernel in network namespaces. */
@Tag("kernel")
@Timeout(90)
class MovesAlongNetnsIT {

    @BeforeAll
    static void namespaces_are_there() throws IOException, InterruptedException {
        Lab.requireNamespaces();
    }

    static Stream<String> scenarios() {
        return Arrays.stream(MovesAlongScenarios.class.getDeclaredMethods())
                .filter(m -> !m.isSynthetic() && !Modifier.isStatic(m.getModifiers()))
                .map(Method::getName)
                .filter(name -> name.contains("_"))
                .sorted(Comparator.naturalOrder());
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void scenario(String name) throws IOException, InterruptedException {
        Lab.run(MovesAlongScenarios.class, name);
    }
}
