package org.understudy.ha.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import org.understudy.ha.api.HaException;

/** Who may use what. Each rule says why. */
@AnalyzeClasses(packages = "org.understudy.ha", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

    private static final String R = "org.understudy.ha";

    /** Packages that decide or translate and do nothing else. */
    private static final String[] PURE = {
        R + ".membership.core..",
        R + ".membership.codec..",
        R + ".membership.enforcement.core..",
        R + ".membership.agents.core..",
        R + ".membership.checks.core..",
        R + ".iptakeover.core..",
        R + ".iptakeover.packet..",
        R + ".iptakeover.netlink..",
        R + ".iptakeover.bpf..",
        R + ".internal.machine.."
    };

    /** Packages that only look, and that only the node itself puts together. */
    private static final String[] SEEING = {
        R + ".membership.history..",
        R + ".membership.metrics..",
        R + ".membership.micrometer..",
        R + ".membership.jmx..",
        R + ".membership.jfr..",
        R + ".membership.admin.."
    };

    @ArchTest
    static final ArchRule only_one_package_knows_jgroups = noClasses()
            .that()
            .resideOutsideOfPackage(R + ".membership.jgroups..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.jgroups..")
            .because("the transport can be replaced, and no rule of ours may hang on it");

    @ArchTest
    static final ArchRule only_one_package_knows_jna = noClasses()
            .that()
            .resideOutsideOfPackage(R + ".iptakeover.jna..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.sun.jna..")
            .because("native calls stay countable, and a second backend stays possible");

    @ArchTest
    static final ArchRule native_calls_are_made_by_the_linux_package_only = noClasses()
            .that()
            .resideOutsideOfPackages(R + ".iptakeover.jna..", R + ".iptakeover.linux..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage(R + ".iptakeover.jna..")
            .because("policy and codecs must not know the system call");

    @ArchTest
    static final ArchRule only_checks_know_the_clients_of_other_protocols = noClasses()
            .that()
            .resideInAPackage(R + ".membership..")
            .and()
            .resideOutsideOfPackage(R + ".membership.checks")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.apache.commons.net..")
            .because("who owns what never hangs on what some server says");

    @ArchTest
    static final ArchRule what_decides_does_not_know_checks = noClasses()
            .that()
            .resideInAPackage(R + ".membership..")
            .and()
            .resideOutsideOfPackage(R + ".membership.checks..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage(R + ".membership.checks..")
            .because("a check is health and never a proof; it comes in by the port of resources only");

    @ArchTest
    static final ArchRule only_one_package_knows_micrometer = noClasses()
            .that()
            .resideOutsideOfPackage(R + ".membership.micrometer..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.micrometer..")
            .because("it is optional: a node must start where it is not on the class path");

    @ArchTest
    static final ArchRule only_one_package_knows_mbeans = noClasses()
            .that()
            .resideInAPackage(R + "..")
            .and()
            .resideOutsideOfPackages(R + ".membership.jmx..", R + ".testkit..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("javax.management..")
            .because("values are values; who shows them is the host's choice");

    @ArchTest
    static final ArchRule only_one_package_knows_flight_recordings = noClasses()
            .that()
            .resideOutsideOfPackage(R + ".membership.jfr..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("jdk.jfr..")
            .because("a small run-time image may not have the module");

    @ArchTest
    static final ArchRule what_decides_does_not_know_who_looks = noClasses()
            .that()
            .resideInAPackage(R + ".membership.*..")
            .and()
            .resideOutsideOfPackages(SEEING)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(SEEING)
            .because("history, values and commands may fail without any group noticing");

    @ArchTest
    static final ArchRule the_tool_knows_what_the_socket_says = noClasses()
            .that()
            .resideInAPackage(R + ".tool..")
            .should()
            .dependOnClassesThat(describe(
                    "are of this library, beside the API and the client",
                    (JavaClass c) -> c.getPackageName().startsWith(R)
                            && !c.getPackageName().startsWith(R + ".tool")
                            && !c.getPackageName().startsWith(R + ".api")
                            && !c.getPackageName().equals(R + ".membership.admin")
                            && !c.getPackageName().equals(R + ".membership.core.admin")))
            .because("whatever it knows besides, it would know of its own release and not of the node's");

    @ArchTest
    static final ArchRule only_the_tool_parses_command_lines = noClasses()
            .that()
            .resideOutsideOfPackage(R + ".tool..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("picocli..")
            .because("no application carries a parser that it does not use");

    @ArchTest
    static final ArchRule pure_packages_touch_nothing = noClasses()
            .that()
            .resideInAnyPackage(PURE)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "java.util.concurrent..",
                    "java.net..",
                    "java.nio.file..",
                    "java.nio.channels..",
                    "java.io..",
                    "org.slf4j..",
                    "java.util.logging..",
                    "com.sun.jna..",
                    "org.jgroups..")
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(Thread.class)
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(ProcessBuilder.class)
            .because("the same objects run in the simulator: no thread, file, socket or log");

    @ArchTest
    static final ArchRule pure_packages_have_no_clock_and_no_chance = noClasses()
            .that()
            .resideInAnyPackage(PURE)
            .should()
            .callMethodWhere(target(owner(name("java.lang.System")))
                    .and(target(nameMatching("nanoTime|currentTimeMillis|getenv|getProperty|identityHashCode"))))
            .orShould()
            .callMethodWhere(target(owner(name("java.time.Instant"))).and(target(name("now"))))
            .orShould()
            .callMethodWhere(target(owner(name("java.lang.Math"))).and(target(name("random"))))
            .orShould()
            .callMethodWhere(target(owner(name("java.util.UUID"))).and(target(name("randomUUID"))))
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(java.util.Random.class)
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(java.time.Clock.class)
            .because("time and seeds are handed in, so that a run can be replayed");

    @ArchTest
    static final ArchRule pure_packages_iterate_in_one_order = noClasses()
            .that()
            .resideInAnyPackage(PURE)
            .should()
            .callMethodWhere(target(owner(nameMatching("java\\.util\\.(Set|Map)")))
                    .and(target(nameMatching("of|copyOf|ofEntries"))))
            .orShould()
            .callConstructorWhere(target(owner(nameMatching("java\\.util\\.(HashMap|HashSet)"))))
            .because("their order differs from one JVM to the next, and replay would break");

    @ArchTest
    static final ArchRule pure_packages_keep_no_shared_state = noFields()
            .that()
            .areDeclaredInClassesThat()
            .resideInAnyPackage(PURE)
            .and()
            .areStatic()
            .should()
            .notBeFinal()
            .orShould()
            .haveModifier(JavaModifier.VOLATILE)
            .because("several nodes live in one JVM");

    @ArchTest
    static final ArchRule pure_packages_do_not_lock = noMethods()
            .that()
            .areDeclaredInClassesThat()
            .resideInAnyPackage(PURE)
            .should()
            .haveModifier(JavaModifier.SYNCHRONIZED)
            .because("one loop drives each machine");

    @ArchTest
    static final ArchRule membership_does_not_know_addresses = noClasses()
            .that()
            .resideInAPackage(R + ".membership..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage(R + ".iptakeover..")
            .because("they meet in the ports of ha-api only");

    @ArchTest
    static final ArchRule addresses_do_not_know_membership = noClasses()
            .that()
            .resideInAPackage(R + ".iptakeover..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(R + ".membership..", R + ".internal.machine..", R + ".internal.loop..")
            .because("they meet in the ports of ha-api only; running a program is a tool of both and decides nothing");

    @ArchTest
    static final ArchRule tools_know_nobody = noClasses()
            .that()
            .resideInAPackage(R + ".internal.process..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    R + ".membership..",
                    R + ".iptakeover..",
                    R + ".internal.machine..",
                    R + ".internal.loop..",
                    R + ".api..")
            .because("what both modules use must not become the way on which they meet");

    @ArchTest
    static final ArchRule no_cycles_between_packages = slices().matching(
                    R + ".(membership|iptakeover|testkit|samples).(*)..")
            .namingSlices("$1.$2")
            .should()
            .beFreeOfCycles();

    @ArchTest
    static final ArchRule the_api_depends_on_nothing = classes()
            .that()
            .resideInAPackage(R + ".api..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(R + ".api..", "java..", "org.jspecify..")
            .because("whoever integrates from the Javadoc gets no other library into sight");

    @ArchTest
    static final ArchRule configuration_and_events_are_values = fields().that()
            .areDeclaredInClassesThat(describe(
                    "are records of api.config or api.event",
                    (JavaClass c) -> c.isRecord()
                            && (c.getPackageName().startsWith(R + ".api.config")
                                    || c.getPackageName().startsWith(R + ".api.event"))))
            .should()
            .beFinal()
            .because("settings hold no sockets and change never");

    @ArchTest
    static final ArchRule exceptions_are_ours = classes()
            .that()
            .areAssignableTo(RuntimeException.class)
            .and()
            .resideInAPackage(R + "..")
            .and()
            .resideOutsideOfPackages(R + ".testkit..", R + ".samples..")
            .should()
            .beAssignableTo(HaException.class)
            .andShould()
            .resideInAPackage(R + ".api..")
            .because("a host catches one family, and each of them says what to do");

    @ArchTest
    static final ArchRule nobody_throws_bare_exceptions = noClasses()
            .that()
            .resideOutsideOfPackages(R + ".testkit..", R + ".samples..")
            .and()
            .areNotAssignableTo(Throwable.class)
            .should()
            .callConstructorWhere(target(owner(name("java.lang.RuntimeException"))))
            .orShould()
            .callConstructorWhere(target(owner(name("java.lang.Exception"))))
            .orShould()
            .callConstructorWhere(target(owner(name("java.lang.Error"))))
            .because("what cannot be told apart cannot be handled");

    @ArchTest
    static final ArchRule nobody_sleeps = noClasses()
            .that()
            .resideOutsideOfPackages(R + ".testkit.netns..", R + ".samples.demo..")
            .should()
            .callMethodWhere(target(owner(name("java.lang.Thread"))).and(target(name("sleep"))))
            .because("whoever waits waits for a condition");

    @ArchTest
    static final ArchRule the_sample_is_written_as_a_user_would = noClasses()
            .that()
            .resideInAPackage(R + ".samples.mutualfailover..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    R + ".internal..",
                    R + ".membership..",
                    R + ".iptakeover.core..",
                    R + ".iptakeover.linux..",
                    R + ".iptakeover.jna..",
                    R + ".iptakeover.netlink..",
                    R + ".iptakeover.bpf..",
                    R + ".iptakeover.packet..",
                    R + ".iptakeover.spi..")
            .because("an example that needs the inside shows that the outside is not enough");
}
