package org.understudy.ha.membership.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;

@Timeout(60)
class NodeKeysTest {
    @TempDir
    private Path scratch;

    @Test
    void text_shows_names_and_dates_and_no_secret() throws IOException {
        NodeKeys keys = TestCertificates.demo("a");
        String password = ClusterCertificates.readPassword(TestCertificates.demoDirectory("a"));

        assertThat(keys.toString()).contains("node=a", "cluster=demo", "***").doesNotContain(password);
    }

    @Test
    void an_expired_certificate_is_refused_with_its_date() {
        assertThatThrownBy(() -> NodeKeys.load(TestCertificates.expiredDirectory()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("expired on 20")
                .hasMessageContaining("make new ones");
    }

    @Test
    void a_certificate_of_another_authority_is_refused() throws IOException {
        Path mixed = copyOf("a");
        TestCertificates.impostor("a");
        Files.copy(TestCertificates.expiredDirectory().resolve("trust.p12"), scratch.resolve("foreign"));
        Files.writeString(mixed.resolve("password"), Files.readString(mixed.resolve("password")));
        Files.delete(mixed.resolve("trust.p12"));
        Files.copy(scratch.resolve("foreign"), mixed.resolve("trust.p12"));

        assertThatThrownBy(() -> NodeKeys.load(mixed))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("cannot be opened with the password beside it");
    }

    @Test
    void missing_and_damaged_files_are_named_with_the_remedy() throws IOException {
        assertThatThrownBy(() -> NodeKeys.load(scratch.resolve("nowhere"))).hasMessageContaining("is not a directory");
        Path damaged = copyOf("a");
        Files.writeString(damaged.resolve("keys.p12"), "not a key store");
        assertThatThrownBy(() -> NodeKeys.load(damaged))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("keys.p12")
                .hasMessageContaining("cannot be opened");
        Files.delete(damaged.resolve("password"));
        assertThatThrownBy(() -> NodeKeys.load(damaged)).hasMessageContaining("has no file password");
    }

    @Test
    void damaged_keys_are_refused_with_a_remedy_or_are_still_the_same() throws IOException {
        Path damaged = copyOf("a");
        for (String file : List.of("keys.p12", "trust.p12")) {
            byte[] good = Files.readAllBytes(damaged.resolve(file));
            for (int at = 0; at < good.length; at += good.length / 10) {
                byte[] flipped = good.clone();
                flipped[at] ^= 0x10;
                Files.write(damaged.resolve(file), flipped);
                assertUnusableOrTheSame(damaged);
                Files.write(damaged.resolve(file), Arrays.copyOf(good, at));
                assertUnusableOrTheSame(damaged);
            }
            Files.write(damaged.resolve(file), good);
        }
    }

    @Test
    void a_damaged_secret_is_named_and_a_missing_one_is_none() throws IOException {
        Path damaged = copyOf("a");
        for (String bad : List.of("", "short", "not base 64 at all, but quite long")) {
            Files.writeString(damaged.resolve("secret"), bad);
            assertThatThrownBy(() -> NodeKeys.load(damaged))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("secret")
                    .hasMessageContaining("copy it again");
        }
        Files.delete(damaged.resolve("secret"));
        assertThat(NodeKeys.load(damaged).clusterKey("addresses")).isEmpty();
    }

    private static void assertUnusableOrTheSame(Path directory) {
        try {
            NodeKeys keys = NodeKeys.load(directory);
            assertThat(keys.toString()).isEqualTo(TestCertificates.demo("a").toString());
        } catch (ConfigurationException refused) {
            assertThat(refused.problems())
                    .allSatisfy(p -> assertThat(p.remedy()).isNotBlank());
        }
    }

    @Test
    void files_that_others_can_read_are_warned_about() throws IOException {
        Path open = copyOf("a");
        Files.setPosixFilePermissions(open.resolve("keys.p12"), PosixFilePermissions.fromString("rw-r--r--"));
        Logger logger = (Logger) LoggerFactory.getLogger(NodeKeys.class);
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        logger.addAppender(lines);
        try {
            NodeKeys.load(open);
        } finally {
            logger.detachAppender(lines);
        }
        assertThat(lines.list)
                .singleElement()
                .satisfies(line -> assertThat(line.getFormattedMessage()).contains("keys.p12", "chmod 0600"));
    }

    @Test
    void files_and_a_directory_that_others_can_write_are_refused_all_at_once() throws IOException {
        Path open = copyOf("a");
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwx---"));
        Files.setPosixFilePermissions(open.resolve("trust.p12"), PosixFilePermissions.fromString("rw-r---w-"));
        assertThatThrownBy(() -> NodeKeys.load(open))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("chmod go-w " + open)
                .hasMessageContaining("chmod go-w " + open.resolve("trust.p12"));

        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-x---"));
        Files.setPosixFilePermissions(open.resolve("trust.p12"), PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(NodeKeys.load(open).cluster()).isEqualTo("demo");
    }

    private Path copyOf(String node) throws IOException {
        Path copy = Files.createDirectory(scratch.resolve("copy-" + node));
        Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwx------"));
        for (String file : List.of("keys.p12", "trust.p12", "password", "secret")) {
            Files.copy(TestCertificates.demoDirectory(node).resolve(file), copy.resolve(file));
            Files.setPosixFilePermissions(copy.resolve(file), PosixFilePermissions.fromString("rw-------"));
        }
        return copy;
    }
}
