package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.understudy.ha.iptakeover.lab.Segment;

/** What happens in the namespaces; each method is one scenario, run by {@link AddressAbilitiesNetnsIT} in a JVM of its own. */
final class AddressAbilitiesScenarios {
    private static final String CLASS_PATH = System.getProperty("java.class.path");

    private AddressAbilitiesScenarios() {}

    public static void main(String[] args) throws ReflectiveOperationException {
        try {
            AddressAbilitiesScenarios.class.getDeclaredMethod(args[0]).invoke(new AddressAbilitiesScenarios());
        } catch (InvocationTargetException e) {
            e.getCause().printStackTrace();
            System.exit(1);
        }
    }

    void the_owner_of_a_namespace_has_everything_but_bpf_and_the_trial_leaves_nothing() {
        Segment.run("ip", "link", "set", "lo", "up");
        Said said = ask(CLASS_PATH, List.of());
        said.has("native access", "CAP_NET_ADMIN", "CAP_NET_RAW", "mark of addresses", "nf_tables", "nf_tables egress");
        said.has("address gates", "IPv6");
        said.lacks("absolute deadline", "was refused, EPERM");
        assertThat(said.text()).endsWith("muted by time-outs in the kernel");
        assertThat(said.status()).isZero();
        assertThat(Segment.run("ip", "-4", "addr", "show")).doesNotContain("127.213.");
    }

    void an_ordinary_user_lacks_both_capabilities_and_is_told_once_each() {
        // Nobody is mapped in this user namespace, so the program starts without any capability.
        // Its home would be that of nobody, where root can make directories.
        Said said = ask(CLASS_PATH, List.of("unshare", "-Un"), "-Djna.tmpdir=" + System.getProperty("java.io.tmpdir"));
        said.has("native access", "IPv6");
        said.lacks(
                "CAP_NET_ADMIN",
                "This process needs CAP_NET_ADMIN to change addresses: run it as root, or give"
                        + " AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW");
        said.lacks("CAP_NET_RAW", "a packet socket was refused: EPERM");
        for (String dependent :
                List.of("mark of addresses", "nf_tables", "nf_tables egress", "address gates", "/dev/net/tun")) {
            said.lacks(dependent, "not tried without CAP_NET_ADMIN");
        }
        assertThat(said.text()).contains("without it: no floating address and no gate");
        assertThat(said.status()).isEqualTo(1);
    }

    void without_cap_net_raw_only_that_is_missing() {
        Said said = ask(CLASS_PATH, List.of("setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"));
        said.has("CAP_NET_ADMIN", "mark of addresses", "nf_tables", "nf_tables egress", "address gates");
        said.lacks("CAP_NET_RAW", "CAP_NET_RAW to send ARP");
        assertThat(said.status()).isEqualTo(1);
    }

    void without_cap_net_admin_there_is_no_gate_either() {
        Said said = ask(CLASS_PATH, List.of("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"));
        said.has("CAP_NET_RAW");
        said.lacks("CAP_NET_ADMIN", "This process needs CAP_NET_ADMIN");
        said.lacks("address gates", "not tried without CAP_NET_ADMIN");
    }

    void ambient_capabilities_reach_the_jvm_of_a_user_without_any_other() {
        Said said = ask(
                CLASS_PATH,
                List.of(
                        "setpriv",
                        "--bounding-set",
                        "-all,+net_admin,+net_raw",
                        "--inh-caps",
                        "-all,+net_admin,+net_raw",
                        "--ambient-caps",
                        "-all,+net_admin,+net_raw",
                        "--no-new-privs"));
        said.has("CAP_NET_ADMIN", "CAP_NET_RAW", "address gates");
        assertThat(said.status()).isZero();
    }

    void ipv6_that_is_switched_off_is_named_with_its_switch() {
        Segment.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
        Said said = ask(CLASS_PATH, List.of());
        said.lacks("IPv6", "IPv6 is switched off: `sysctl -w net.ipv6.conf.all.disable_ipv6=0`");
        assertThat(said.status()).isZero();
    }

    void a_missing_tun_device_is_named() {
        Said said = ask(
                CLASS_PATH,
                List.of(
                        "unshare",
                        "-m",
                        "sh",
                        "-c",
                        "mount -t tmpfs none /dev/net 2>/dev/null || mount -t tmpfs none" + " /dev; exec \"$@\"",
                        "sh"));
        said.lacks("/dev/net/tun", "open failed for /dev/net/tun: ENOENT (no such object): `modprobe tun`");
        assertThat(said.status()).isZero();
    }

    void another_operating_system_is_one_sentence() {
        Said said = ask(CLASS_PATH, List.of(), "-Dos.name=Plan9");
        assertThat(said.text())
                .isEqualTo(
                        "no addresses can be moved here, everything else works: address takeover needs Linux and this is"
                                + " Plan9: run this node on Linux, or leave its floating addresses out");
        assertThat(said.status()).isEqualTo(1);
    }

    void a_missing_jna_is_one_sentence() {
        String without = Arrays.stream(CLASS_PATH.split(File.pathSeparator))
                .filter(entry -> !new File(entry).getName().startsWith("jna-"))
                .collect(Collectors.joining(File.pathSeparator));
        assertThat(ask(without, List.of()).text())
                .startsWith("no addresses can be moved here, everything else works: JNA is missing or too old")
                .doesNotContain("\n");
    }

    void a_directory_that_may_not_run_code_is_one_sentence_with_the_switch() {
        List<String> noexec =
                List.of("unshare", "-m", "sh", "-c", "mount -t tmpfs -o noexec none /mnt && exec \"$@\"", "sh");
        assertThat(ask(CLASS_PATH, noexec, "-Djna.tmpdir=/mnt").text())
                .startsWith(
                        "no addresses can be moved here, everything else works: the native part of JNA does not load")
                .contains("if /mnt is mounted noexec or not writable give -Djna.tmpdir=DIRECTORY")
                .doesNotContain("\n");
        // Where nobody says otherwise JNA uses the user's cache, and only without one the temporary directory.
        assertThat(ask(CLASS_PATH, noexec, "-Duser.home=/mnt").text())
                .contains("if /mnt/.cache/JNA/temp is mounted noexec or not writable give -Djna.tmpdir=DIRECTORY");
        ask(CLASS_PATH, noexec, "-Duser.home=/mnt", "-Djna.tmpdir=/tmp").has("native access");
    }

    private record Said(int status, String text) {
        void has(String... labels) {
            for (String label : labels) {
                assertThat(text.lines())
                        .as("%s in%n%s", label, text)
                        .anyMatch(l -> l.startsWith(padded(label) + "yes"));
            }
        }

        void lacks(String label, String reason) {
            assertThat(text.lines())
                    .as("%s in%n%s", label, text)
                    .anyMatch(l -> l.startsWith(padded(label) + "no ") && l.contains(reason));
        }

        private static String padded(String label) {
            return String.format("%-18s ", label);
        }
    }

    private static Said ask(String classPath, List<String> launcher, String... flags) {
        List<String> command = new ArrayList<>(launcher);
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(Arrays.asList(flags));
        command.addAll(List.of("-cp", classPath, AddressAbilitiesCommand.class.getName()));
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment().remove("XDG_CACHE_HOME");
            Process process = builder.start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(command + " hangs");
            }
            System.out.println(text);
            return new Said(process.exitValue(), text);
        } catch (IOException e) {
            throw new AssertionError(command + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}
