package org.understudy.ha.iptakeover.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.iptakeover.Watchdog;
import org.understudy.ha.iptakeover.spi.WatchdogPort;

/** What can be tried without a watchdog: other devices and files do not pass for one, and nothing but the magic byte is written. */
class LinuxWatchdogTest {
    @TempDir
    Path directory;

    @Test
    void the_kernel_says_whether_it_can_be_stopped_under_its_own_name() throws IOException {
        write("watchdog0", "0\n");
        write("watchdog1", "1\n");
        write("watchdog2", "maybe\n");

        assertThat(at("/dev/watchdog").isNoWayOut()).hasValue(false);
        assertThat(at("/dev/watchdog0").isNoWayOut()).hasValue(false);
        assertThat(at("/dev/watchdog1").isNoWayOut()).hasValue(true);
        assertThat(at("/dev/watchdog2").isNoWayOut()).isEmpty();
        assertThat(at("/dev/watchdog3").isNoWayOut()).isEmpty();
    }

    @Test
    void another_device_does_not_know_the_requests() {
        try (WatchdogPort.Device device = at("/dev/null").open()) {
            assertThatThrownBy(device::support)
                    .isInstanceOf(PlatformException.class)
                    .hasMessageContaining("WDIOC_GETSUPPORT")
                    .hasMessageContaining("ENOTTY");
            assertThatThrownBy(device::feed).hasMessageContaining("WDIOC_KEEPALIVE");
            assertThatThrownBy(() -> device.setTimeout(3)).hasMessageContaining("WDIOC_SETTIMEOUT");
        }
    }

    @Test
    void stopping_writes_the_magic_byte_and_closing_writes_nothing() throws IOException {
        Path file = Files.createFile(directory.resolve("device"));
        at(file.toString()).open().close();
        assertThat(file).isEmptyFile();

        at(file.toString()).open().stop();
        assertThat(file).hasContent("V");
    }

    @Test
    void without_a_device_the_obstacle_names_it() {
        try (Watchdog watchdog = Watchdog.of(directory.resolve("watchdog7"))) {
            assertThat(watchdog.obstacles(new Enforcer.Terms(30_000_000_000L, 1_000_000_000L, 100_000_000L)))
                    .singleElement()
                    .asString()
                    .contains("watchdog7")
                    .contains("CONFIG_WATCHDOG_SYSFS");
        }
        assertThatThrownBy(() -> at(directory.resolve("none").toString()).open())
                .isInstanceOf(PlatformException.class)
                .hasMessageContaining("ENOENT");
    }

    private LinuxWatchdog at(String path) {
        return new LinuxWatchdog(Path.of(path), directory);
    }

    private void write(String device, String value) throws IOException {
        Files.createDirectories(directory.resolve(device));
        Files.writeString(directory.resolve(device).resolve("nowayout"), value);
    }
}
