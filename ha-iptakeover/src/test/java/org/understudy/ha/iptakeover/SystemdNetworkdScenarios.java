package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.understudy.ha.iptakeover.lab.Asker;
import org.understudy.ha.iptakeover.lab.Lab;
import org.understudy.ha.iptakeover.lab.LabHost;
import org.understudy.ha.iptakeover.lab.LabJvm;
import org.understudy.ha.iptakeover.lab.Networkd;
import org.understudy.ha.iptakeover.lab.Segment;

/** What happens in the namespaces, run by {@link SystemdNetworkdNetnsIT} in a JVM of its own. */
final class SystemdNetworkdScenarios {
    private static final List<String> VIPS = List.of("192.0.2.50", "2001:db8::50");

    private static final Pattern HAS_THE_CARD = Pattern.compile("lan0 +ether +routable +configured");

    private SystemdNetworkdScenarios() {}

    public static void main(String[] args) {
        try (Segment segment = new Segment();
                Asker asker = new Asker()) {
            LabHost a = segment.host(2);
            try (Networkd networkd = new Networkd(a)) {
                what_it_takes_away_is_back_at_once_unless_it_is_told_to_keep_it(a, networkd, asker);
            }
        } catch (Throwable e) {
            Lab.fail(e);
        }
    }

    private static void what_it_takes_away_is_back_at_once_unless_it_is_told_to_keep_it(
            LabHost a, Networkd networkd, Asker asker) {
        until(
                "it has the card",
                () -> HAS_THE_CARD.matcher(networkd.ask("list")).find());
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("use " + String.join(",", VIPS)
                        + " lan0 rule=213 route=198.51.100.0/24,metric=50 route=2001:db8:7::/64"))
                .isEqualTo("ok");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(asker.whoHas(VIPS, 500)).hasSize(2);
        String there = all(a);
        assertThat(there).contains("192.0.2.50").contains("2001:db8::50").contains("lookup 213");

        networkd.ask("reconfigure lan0");
        // One alarm, of what was missing when it was seen: the other may go a moment later.
        until("somebody is told", () -> jvm.ask("alarms").contains("somebody on this host took "));
        until("all is back", () -> all(a).equals(there));
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        assertThat(asker.whoHas(VIPS, 500)).hasSize(2);

        String alarms = jvm.ask("alarms");
        // With an address more to see that it has done so.
        networkd.manage("KeepConfiguration=yes", "Address=198.18.0.2/24");
        until("it has configured the card anew", () -> a.addresses().contains("198.18.0.2/24"));
        assertThat(all(a)).isEqualTo(there);
        assertThat(jvm.ask("alarms")).isEqualTo(alarms);
        assertThat(asker.whoHas(VIPS, 500)).hasSize(2);
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    /** What is ours, in the words of the kernel without lifetimes. */
    private static String all(LabHost host) {
        return host.inside("ip", "-o", "addr", "show", "dev", "lan0")
                        .lines()
                        .filter(line -> VIPS.stream().anyMatch(line::contains))
                        .map(line -> line.split("\\\\")[0].replaceAll("^\\d+: | autojoin", ""))
                        .sorted()
                        .toList()
                + host.inside("ip", "route", "show", "table", "all", "proto", "213")
                + host.inside("ip", "-6", "route", "show", "table", "all", "proto", "213")
                + host.inside("ip", "rule").replaceAll("(?m)^(?!.*213).*\n", "")
                + host.inside("ip", "-6", "rule").replaceAll("(?m)^(?!.*213).*\n", "");
    }

    private static void until(String what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > 15_000_000_000L) {
                throw new AssertionError("not within 15 s: " + what);
            }
        }
    }
}
