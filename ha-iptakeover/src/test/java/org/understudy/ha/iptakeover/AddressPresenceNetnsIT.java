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
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.iptakeover.AddressPresenceScenarios.EachKind;
import org.understudy.ha.iptakeover.AddressPresenceScenarios.Kind;
import org.understudy.ha.iptakeover.lab.Lab;

/** What becomes of addresses that somebody else on the host touches, on a real kernel in network namespaces. */
@Tag("kernel")
@Timeout(90)
class AddressPresenceNetnsIT {

    @BeforeAll
    static void namespaces_are_there() throws IOException, InterruptedException {
        Lab.requireNamespaces();
    }

    static Stream<Arguments> scenarios() {
        return Arrays.stream(AddressPresenceScenarios.class.getDeclaredMethods())
                .filter(m -> !m.isSynthetic() && !Modifier.isStatic(m.getModifiers()))
                .filter(m -> m.getName().contains("_"))
                .sorted(Comparator.comparing(Method::getName))
                .flatMap(m -> Arrays.stream(Kind.values())
                        .filter(kind -> kind == Kind.V4 || m.isAnnotationPresent(EachKind.class))
                        .map(kind -> Arguments.of(m.getName(), kind.name())));
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void scenario(String name, String kind) throws IOException, InterruptedException {
        Lab.run(AddressPresenceScenarios.class, name, kind);
    }
}
