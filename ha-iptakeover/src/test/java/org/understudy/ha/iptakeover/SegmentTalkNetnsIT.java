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
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.iptakeover.lab.Lab;

/** What the owners of an address say and hear on the segment, and what becomes of their TCP connections, on a real kernel, in network
 * namespaces. See {@link SegmentTalkScenarios}. */
@Tag("kernel")
@Timeout(90)
@Execution(ExecutionMode.CONCURRENT)
class SegmentTalkNetnsIT {

    @BeforeAll
    static void namespaces_are_there() throws IOException, InterruptedException {
        Lab.requireNamespaces();
    }

    static Stream<Arguments> scenarios() {
        return Arrays.stream(SegmentTalkScenarios.class.getDeclaredMethods())
                .filter(m -> !m.isSynthetic() && !Modifier.isStatic(m.getModifiers()))
                .map(Method::getName)
                .filter(name -> name.contains("_"))
                .sorted()
                .flatMap(name -> Stream.of("192.0.2.50", "2001:db8::50").map(vip -> Arguments.of(name, vip)));
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void scenario(String name, String vip) throws IOException, InterruptedException {
        Lab.run(SegmentTalkScenarios.class, name, vip);
    }
}
