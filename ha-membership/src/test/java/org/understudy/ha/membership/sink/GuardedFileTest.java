package org.understudy.ha.membership.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.StaleTokenException;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.membership.store.CuttingFiles;
import org.understudy.ha.membership.store.StateFiles;

@Timeout(60)
class GuardedFileTest {
    private static final FencingToken OLD = new FencingToken(7);
    private static final FencingToken NEW = new FencingToken(9);
    private static final byte[] BEFORE = "before\n".getBytes(UTF_8);
    private static final byte[] MORE = "more\n".getBytes(UTF_8);
    private static final byte[] AFTER = "before\nmore\n".getBytes(UTF_8);

    @TempDir
    Path directory;

    private Path path;
    private Path guard;

    @BeforeEach
    void name() {
        path = directory.resolve("totals");
        guard = directory.resolve("totals.guard");
    }

    @Test
    void what_was_written_is_read_with_the_token_it_was_written_under() {
        GuardedFile file = GuardedFile.at(path);
        assertThat(file.read()).isEmpty();
        file.replace(OLD, BEFORE);
        file.append(NEW, MORE);

        assertThat(GuardedFile.at(path).read()).contains(AFTER);
        assertThat(GuardedFile.at(path).highest()).contains(NEW);
        assertThat(path).hasBinaryContent(AFTER);
    }

    @Test
    void a_stale_owner_is_refused_and_changes_no_byte() throws IOException {
        GuardedFile stale = GuardedFile.at(path);
        stale.replace(OLD, BEFORE);
        GuardedFile.at(path).admit(NEW);
        Map<String, String> then = everything();

        List<Consumer<GuardedFile>> writes =
                List.of(f -> f.admit(OLD), f -> f.replace(OLD, MORE), f -> f.append(OLD, MORE));
        for (Consumer<GuardedFile> write : writes) {
            assertThatThrownBy(() -> write.accept(stale)).isInstanceOfSatisfying(StaleTokenException.class, e -> {
                assertThat(e.offered()).isEqualTo(OLD);
                assertThat(e.highest()).isEqualTo(NEW);
                assertThat(e.category()).isEqualTo(HaException.Category.REPLACED);
            });
        }
        assertThat(everything()).isEqualTo(then);
    }

    /** The order the contract asks for: the guard is on disk before the contents can be seen. */
    @Test
    void the_guard_is_forced_before_the_contents_are_begun() {
        CuttingFiles files = new CuttingFiles(Integer.MAX_VALUE, false);
        GuardedFile file = GuardedFile.at(path, Duration.ofSeconds(10), files);
        List<String> replacement = List.of("create", "write half", "write rest", "force", "rename", "force directory");

        file.replace(OLD, BEFORE);
        assertThat(files.steps).hasSize(12).startsWith(replacement.toArray(new String[0]));
        files.steps.clear();
        file.replace(OLD, AFTER);
        assertThat(files.steps).isEqualTo(replacement);
    }

    /** Whoever raised the guard may have been killed between its rename and the fsync of the directory. */
    @Test
    void a_guard_found_on_disk_is_forced_once_before_it_is_relied_on() {
        GuardedFile.at(path).admit(OLD);
        CuttingFiles files = new CuttingFiles(Integer.MAX_VALUE, false);
        GuardedFile file = GuardedFile.at(path, Duration.ofSeconds(10), files);

        file.admit(OLD);
        assertThat(files.steps).containsExactly("force directory");
        file.admit(OLD);
        assertThat(files.steps).containsExactly("force directory");
        file.highest();
        assertThat(files.steps).containsExactly("force directory");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_cut_before_any_step_leaves_old_or_new_contents_and_a_guard_not_behind_them(boolean lazyDisk)
            throws IOException {
        boolean isCut = true;
        int cuts = 0;
        for (int at = 0; isCut; at++) {
            Path disk = Files.createDirectory(directory.resolve("disk" + at));
            Path there = disk.resolve("totals");
            GuardedFile.at(there).replace(OLD, BEFORE);
            CuttingFiles files = new CuttingFiles(at, lazyDisk);
            boolean isAcknowledged = succeeds(
                    () -> GuardedFile.at(there, Duration.ofSeconds(10), files).append(NEW, MORE));
            isCut = files.wasCut();
            cuts += isCut ? 1 : 0;

            GuardedFile restarted = GuardedFile.at(there);
            byte[] found = restarted.read().orElseThrow();
            Optional<FencingToken> highest = restarted.highest();
            assertThat(found).as("after %s", files.steps).isIn(BEFORE, AFTER);
            assertThat(highest.orElseThrow()).isIn(OLD, NEW);
            assertThat(isAcknowledged).isNotEqualTo(isCut);
            if (isAcknowledged || found.length == AFTER.length) {
                assertThat(highest).as("after %s", files.steps).contains(NEW);
                assertThatThrownBy(() -> restarted.append(OLD, MORE)).isInstanceOf(StaleTokenException.class);
            }
            restarted.replace(NEW, MORE);
            assertThat(GuardedFile.at(there).read()).contains(MORE);
            assertThat(disk).isDirectoryNotContaining("glob:**.{new,data}");
        }
        assertThat(cuts).isEqualTo(12);
    }

    @Test
    void a_first_write_that_is_cut_leaves_nothing_or_a_guard() throws IOException {
        boolean isCut = true;
        for (int at = 0; isCut; at++) {
            Path there = Files.createDirectory(directory.resolve("disk" + at)).resolve("totals");
            CuttingFiles files = new CuttingFiles(at, true);
            boolean isAcknowledged = succeeds(
                    () -> GuardedFile.at(there, Duration.ofSeconds(10), files).replace(NEW, MORE));
            isCut = files.wasCut();

            GuardedFile restarted = GuardedFile.at(there);
            Optional<byte[]> found = restarted.read();
            found.ifPresent(bytes -> {
                assertThat(bytes).isEqualTo(MORE);
                assertThat(restarted.highest()).contains(NEW);
            });
            assertThat(found.isPresent() || !isAcknowledged).isTrue();
        }
    }

    @Test
    void each_damage_of_the_guard_is_refused_by_every_call_and_nothing_is_touched() throws IOException {
        GuardedFile.at(path).replace(OLD, BEFORE);
        byte[] whole = Files.readAllBytes(guard);
        List<byte[]> damaged = new ArrayList<>();
        for (int bit = 0; bit < whole.length * 8; bit++) {
            byte[] flipped = whole.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            damaged.add(flipped);
        }
        for (int length = 0; length < whole.length; length++) {
            damaged.add(java.util.Arrays.copyOf(whole, length));
        }
        damaged.add(java.util.Arrays.copyOf(whole, 1000));
        for (byte[] bytes : damaged) {
            Files.write(guard, bytes);
            Map<String, String> then = everything();
            List<Consumer<GuardedFile>> calls =
                    List.of(GuardedFile::highest, GuardedFile::read, f -> f.admit(NEW), f -> f.replace(NEW, MORE));
            for (Consumer<GuardedFile> call : calls) {
                assertThatThrownBy(() -> call.accept(GuardedFile.at(path))).isInstanceOf(StorageException.class);
            }
            assertThat(everything()).isEqualTo(then);
        }
    }

    @Test
    void a_guard_that_is_gone_or_went_back_is_not_taken_for_a_new_one() throws IOException {
        GuardedFile file = GuardedFile.at(path);
        file.replace(OLD, BEFORE);
        byte[] older = Files.readAllBytes(guard);
        file.admit(NEW);
        Files.write(guard, older);
        assertThatThrownBy(() -> file.replace(NEW, MORE))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("went back from token 9 to 7");
        Files.delete(guard);
        assertThatThrownBy(() -> GuardedFile.at(path).replace(NEW, MORE))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("adopt");
        Files.delete(path);
        assertThatThrownBy(() -> file.replace(NEW, MORE)).isInstanceOf(StorageException.class);
        assertThat(path).doesNotExist();
    }

    @Test
    void a_file_from_before_is_adopted_by_an_explicit_word_only() throws IOException {
        Files.write(path, BEFORE);
        assertThatThrownBy(() -> GuardedFile.at(path).append(OLD, MORE)).hasMessageContaining("adopt");
        assertThat(path).hasBinaryContent(BEFORE);

        GuardedFile.adopt(path);
        assertThat(GuardedFile.at(path).highest()).isEmpty();
        GuardedFile.at(path).append(OLD, MORE);
        assertThat(path).hasBinaryContent(AFTER);
        assertThatThrownBy(() -> GuardedFile.adopt(path)).hasMessageContaining("already");
    }

    @Test
    void an_interrupt_breaks_no_write_off_and_stays_pending() {
        GuardedFile file = GuardedFile.at(path);
        Thread.currentThread().interrupt();
        file.replace(OLD, BEFORE);
        file.append(OLD, MORE);
        assertThat(file.read()).contains(AFTER);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void after_a_change_that_could_not_be_forced_the_object_does_nothing_more() {
        GuardedFile.at(path).replace(OLD, BEFORE);
        GuardedFile file = GuardedFile.at(path, Duration.ofSeconds(10), new Failing("force directory"));

        assertThatThrownBy(() -> file.append(OLD, MORE))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("not known");
        assertThatThrownBy(file::highest).isInstanceOf(StorageException.class).hasMessageContaining("new object");
        assertThat(GuardedFile.at(path).read().orElseThrow()).isIn(BEFORE, AFTER);
    }

    @Test
    void a_full_disk_leaves_everything_as_it_was_and_the_object_usable() throws IOException {
        GuardedFile.at(path).replace(OLD, BEFORE);
        Failing full = new Failing("write");
        GuardedFile file = GuardedFile.at(path, Duration.ofSeconds(10), full);
        Map<String, String> then = everything();

        assertThatThrownBy(() -> file.append(NEW, MORE))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("as they were")
                .hasMessageContaining("free space");
        assertThat(everything()).isEqualTo(then);
        assertThatThrownBy(() -> file.append(new FencingToken(1), MORE)).isInstanceOf(StaleTokenException.class);

        full.step = "none";
        file.append(NEW, MORE);
        assertThat(path).hasBinaryContent(AFTER);
    }

    @Test
    void contents_have_a_limit_and_permissions_stay() throws IOException {
        GuardedFile file = GuardedFile.at(path);
        file.replace(OLD, new byte[GuardedFile.LENGTH_MAX]);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r-----"));
        assertThatThrownBy(() -> file.append(OLD, MORE)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> file.replace(OLD, new byte[GuardedFile.LENGTH_MAX + 1]))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(Files.size(path)).isEqualTo(GuardedFile.LENGTH_MAX);

        file.replace(OLD, BEFORE);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                .isEqualTo("rw-r-----");
    }

    @Test
    void what_is_no_plain_file_is_refused_and_left_alone() throws IOException {
        Files.write(directory.resolve("real"), BEFORE);
        Files.createSymbolicLink(path, directory.resolve("real"));
        assertThatThrownBy(() -> GuardedFile.at(path).replace(OLD, MORE)).hasMessageContaining("not a regular file");
        assertThat(directory.resolve("real")).hasBinaryContent(BEFORE);
        assertThatThrownBy(() -> GuardedFile.at(directory.resolve("nowhere/totals")))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("create it first");
    }

    private static boolean succeeds(Runnable write) {
        try {
            write.run();
            return true;
        } catch (StorageException e) {
            return false;
        }
    }

    /** Every file but the lock, whose contents say nothing, as text. */
    private Map<String, String> everything() throws IOException {
        TreeMap<String, String> found = new TreeMap<>();
        try (Stream<Path> all = Files.list(directory)) {
            for (Path one : all.filter(p -> !p.toString().endsWith(".lock")).toList()) {
                found.put(one.getFileName().toString(), new String(Files.readAllBytes(one), UTF_8));
            }
        }
        return found;
    }

    /** The system's files, of which one step fails. */
    private static final class Failing implements StateFiles {
        private final StateFiles real = StateFiles.ofTheSystem();
        private String step;
        private int forced;

        private Failing(String step) {
            this.step = step;
        }

        private void fail(String now) throws IOException {
            if (step.equals(now)) {
                throw new IOException("No space left on device");
            }
        }

        @Override
        public NewFile create(Path path) throws IOException {
            NewFile file = real.create(path);
            return new NewFile() {
                @Override
                public void write(java.nio.ByteBuffer bytes) throws IOException {
                    fail("write");
                    file.write(bytes);
                }

                @Override
                public void force() throws IOException {
                    file.force();
                }

                @Override
                public void close() throws IOException {
                    file.close();
                }
            };
        }

        @Override
        public FileInPlace open(Path path) throws IOException {
            return real.open(path);
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            real.rename(from, to);
        }

        /** The first is only the one that a found guard needs. */
        @Override
        public void forceDirectory(Path target) throws IOException {
            if (forced++ > 0) {
                fail("force directory");
            }
            real.forceDirectory(target);
        }
    }
}
