package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.iptakeover.FloatingAddressScenarios.EachEnd;
import org.understudy.ha.iptakeover.FloatingAddressScenarios.EachKind;
import org.understudy.ha.iptakeover.FloatingAddressScenarios.Kind;
import org.understudy.ha.iptakeover.FloatingAddressScenarios.Only;
import org.understudy.ha.iptakeover.lab.Lab;

/** The floating address on a real kernel, in network namespaces. See {@link FloatingAddressScenarios}. */
@Timeout(90)
@Execution(ExecutionMode.CONCURRENT)
class FloatingAddressNetnsIT {

    @BeforeAll
    static void namespaces_are_there() throws IOException, InterruptedException {
        Lab.requireNamespaces();
    }

    /** Everything with the best that this host has for ending an address, and what is about that with the others too. */
    static Stream<Arguments> scenarios() {
        List<LeaseEnd> ends =
                Lab.hasDeadline() ? List.of(LeaseEnd.DEADLINE, LeaseEnd.TIME_OUT) : List.of(LeaseEnd.TIME_OUT);
        return Arrays.stream(FloatingAddressScenarios.class.getDeclaredMethods())
                .filter(m -> !m.isSynthetic() && !Modifier.isStatic(m.getModifiers()))
                .filter(m -> m.getName().contains("_"))
                .sorted(Comparator.comparing(Method::getName))
                .flatMap(m -> ends.stream()
                        .filter(end -> isMeant(m, end, ends.get(0)))
                        .flatMap(end -> kinds(m, end, ends.get(0)))
                        .map(one -> Arguments.of(m.getName(), one.kind().name(), one.end())));
    }

    private record One(Kind kind, LeaseEnd end) {}

    private static boolean isMeant(Method scenario, LeaseEnd end, LeaseEnd best) {
        Only only = scenario.getAnnotation(Only.class);
        return only != null ? only.value() == end : end == best || scenario.isAnnotationPresent(EachEnd.class);
    }

    /** All with the best; with another only both versions at once. */
    private static Stream<One> kinds(Method scenario, LeaseEnd end, LeaseEnd best) {
        boolean isForEach = scenario.isAnnotationPresent(EachKind.class);
        return Arrays.stream(Kind.values())
                .filter(kind -> kind == (isForEach && end != best ? Kind.MIXED : Kind.V4) || isForEach && end == best)
                .map(kind -> new One(kind, end));
    }

    /** A user namespace has no BPF, so time-outs serve there. */
    @ParameterizedTest
    @MethodSource("scenarios")
    void scenario(String name, String kind, LeaseEnd end) throws IOException, InterruptedException {
        String said = end == LeaseEnd.DEADLINE
                ? Lab.runAsRoot(FloatingAddressScenarios.class, name, kind)
                : Lab.run(FloatingAddressScenarios.class, name, kind);
        if (name.equals("a_rehearsed_start_leaves_nothing")) {
            assertThat(said).doesNotContain("rehearsed here", "the rehearsal of a start failed");
        }
        for (LeaseEnd other : LeaseEnd.values()) {
            if (other != end && other != LeaseEnd.OWN_CODE) {
                assertThat(said).doesNotContain("muted by " + other.words());
            }
        }
    }
}
