package org.understudy.ha.membership.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.StaleTokenException;
import org.understudy.ha.api.StorageException;

class GuardedFileTest {

    private static final FencingToken OLD = new FencingToken(3);
    private static final FencingToken NEW = new FencingToken(5);

    @TempDir
    private Path directory;

    private Path path;
    private GuardedFile file;

    @BeforeEach
    void open() {
        path = directory.resolve("totals");
        file = GuardedFile.at(path);
    }

    @Test
    void a_stale_owner_overwrites_nothing_and_is_told_both_tokens() throws IOException {
        file.replace(NEW, "new".getBytes(UTF_8));

        assertThatThrownBy(() -> GuardedFile.at(path).replace(OLD, "old".getBytes(UTF_8)))
                .isInstanceOf(StaleTokenException.class)
                .hasMessageContaining("3")
                .hasMessageContaining("5");
        assertThat(Files.readString(path)).isEqualTo("new");
    }

    @Test
    void admitting_a_token_shuts_earlier_owners_out_before_anything_is_written() {
        file.admit(NEW);

        assertThatThrownBy(() -> file.append(OLD, new byte[] {1})).isInstanceOf(StaleTokenException.class);
        assertThat(file.read()).isEmpty();
    }

    @Test
    void a_damaged_guard_stops_every_write_and_touches_nothing() throws IOException {
        file.replace(NEW, "new".getBytes(UTF_8));
        Path guard = directory.resolve("totals.guard");
        byte[] bytes = Files.readAllBytes(guard);
        bytes[20] ^= 1;
        Files.write(guard, bytes);

        assertThatThrownBy(() -> GuardedFile.at(path).replace(new FencingToken(9), new byte[] {1}))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("adopt");
        assertThat(Files.readString(path)).isEqualTo("new");
        assertThat(Files.readAllBytes(guard)).isEqualTo(bytes);
    }

    @Test
    void a_guard_that_is_missing_beside_its_file_is_no_new_beginning() throws IOException {
        file.replace(NEW, "new".getBytes(UTF_8));
        Files.delete(directory.resolve("totals.guard"));

        assertThatThrownBy(() -> GuardedFile.at(path).append(NEW, new byte[] {1}))
                .isInstanceOf(StorageException.class);
    }
}
