package org.understudy.ha.membership.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class CertificatesCommandTest {
    @TempDir
    private Path scratch;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void it_says_what_it_made_and_what_to_copy_where() {
        String directory = scratch.resolve("keys").toString();

        assertThat(run(directory, "shop", "serv1")).isZero();
        assertThat(text(out))
                .contains("cluster shop", "node serv1: copy " + directory + "/serv1", "Keep " + directory + "/ca");
        assertThat(run("--add", directory, "serv2")).isZero();
        assertThat(text(out)).contains("node serv2: copy " + directory + "/serv2");
        assertThat(text(err)).isEmpty();
    }

    @Test
    void drafts_of_interrupted_runs_are_named_and_left_alone() throws IOException {
        Path keys = scratch.resolve("keys");
        Path draft = Files.createDirectory(scratch.resolve(".keys-123456"));
        Files.createDirectory(scratch.resolve(".keys-old"));
        Files.createDirectory(scratch.resolve(".other-123456"));

        assertThat(run(keys.toString(), "shop", "serv1")).isZero();
        assertThat(text(err).lines()).singleElement().asString().contains("private keys", "rm -r " + draft);
        assertThat(draft).exists();

        Path second = Files.createDirectory(keys.resolve(".serv2-7"));
        err.reset();
        assertThat(run("--add", keys.toString(), "serv2")).isZero();
        assertThat(text(err).lines()).singleElement().asString().contains("rm -r " + second);
    }

    @Test
    void what_cannot_be_done_is_one_sentence_and_status_one() {
        assertThat(run(scratch.resolve("keys").toString(), "shop", "Not A Node", "Nor This"))
                .isEqualTo(1);
        assertThat(text(err)).contains("Not A Node", "Nor This").doesNotContain("\tat ");
    }

    @Test
    void wrong_usage_shows_the_usage_and_is_status_two() {
        assertThat(run()).isEqualTo(2);
        assertThat(run("directory", "shop")).isEqualTo(2);
        assertThat(run("--force", "directory", "shop", "serv1")).isEqualTo(2);
        assertThat(text(err)).contains("usage:");
        assertThat(run("--help")).isZero();
        assertThat(text(out)).contains("usage:");
    }

    private int run(String... arguments) {
        return CertificatesCommand.run(List.of(arguments), stream(out), stream(err));
    }

    private static PrintStream stream(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    private static String text(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
