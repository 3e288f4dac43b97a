package org.understudy.ha.membership.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.membership.spi.NodeStateStore;
import org.understudy.ha.membership.spi.NodeStateStore.Opened;

@Timeout(60)
class FileNodeStateStoreTest {
    private static final byte[] OLD = "old payload".getBytes(UTF_8);
    private static final byte[] NEW = "a new payload, somewhat longer".getBytes(UTF_8);

    @TempDir
    Path directory;

    @Test
    void an_empty_disk_gets_an_identity_and_its_first_boot() {
        try (FileNodeStateStore store = new FileNodeStateStore(directory.resolve("deep/er"))) {
            Opened opened = store.open();

            assertThat(opened.wasEmpty()).isTrue();
            assertThat(opened.payload()).isEmpty();
            assertThat(opened.bootCount()).isEqualTo(1);
            assertThat(opened.writeCount()).isEqualTo(1);
        }
    }

    @Test
    void a_saved_payload_is_found_again_with_the_same_identity_and_counts_that_grow() {
        Opened first;
        try (FileNodeStateStore store = new FileNodeStateStore(directory)) {
            first = store.open();
            store.save(OLD);
            store.save(NEW);
            assertThat(store.writeCount()).isEqualTo(3);
        }
        try (FileNodeStateStore store = new FileNodeStateStore(directory)) {
            Opened second = store.open();

            assertThat(second.disk()).isEqualTo(first.disk());
            assertThat(second.wasEmpty()).isFalse();
            assertThat(second.payload()).contains(NEW);
            assertThat(second.bootCount()).isEqualTo(2);
            assertThat(second.writeCount()).isEqualTo(4);
        }
    }

    @Test
    void an_empty_payload_is_not_the_same_as_none() {
        try (FileNodeStateStore store = new FileNodeStateStore(directory)) {
            store.open();
            store.save(new byte[0]);
        }
        assertThat(reopened().payload()).contains(new byte[0]);
    }

    @Test
    void an_interrupt_ends_no_save_half_way_and_stays_pending() {
        try (FileNodeStateStore store = new FileNodeStateStore(directory)) {
            store.open();
            Thread.currentThread().interrupt();
            store.save(NEW);
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(reopened().payload()).contains(NEW);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_cut_between_any_two_steps_of_a_save_leaves_the_old_or_the_new_payload(boolean lazyDisk) throws IOException {
        assertThat(cuts("in place", NEW, lazyDisk)).as("steps of a save").isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void so_does_one_of_a_save_that_needs_a_larger_file(boolean lazyDisk) throws IOException {
        byte[] larger = new byte[100_000];
        Arrays.fill(larger, (byte) 7);
        assertThat(cuts("larger", larger, lazyDisk)).as("steps of a save").isEqualTo(6);
    }

    private int cuts(String name, byte[] next, boolean lazyDisk) throws IOException {
        boolean cut = true;
        int cuts = 0;
        for (int at = 0; cut; at++) {
            Path disk = directory.resolve(name + at);
            try (FileNodeStateStore store = new FileNodeStateStore(disk)) {
                store.open();
                store.save(OLD);
            }
            CuttingFiles files = new CuttingFiles(4 + at, lazyDisk);
            boolean saved = save(disk, next, files);
            cut = files.wasCut();
            cuts += cut ? 1 : 0;

            try (FileNodeStateStore store = new FileNodeStateStore(disk)) {
                byte[] left = store.open().payload().orElseThrow();
                assertThat(left).as("after %s", files.steps).isIn(OLD, next);
                if (saved) {
                    assertThat(left).isEqualTo(next);
                }
                store.save(NEW);
            }
            assertThat(reopened(disk).payload()).contains(NEW);
            assertThat(disk.resolve("node.state.new")).doesNotExist();
        }
        return cuts;
    }

    /** The first four steps belong to open. */
    private static boolean save(Path disk, byte[] next, CuttingFiles files) {
        try (FileNodeStateStore store = new FileNodeStateStore(disk, files)) {
            store.open();
            try {
                store.save(next);
                return true;
            } catch (StorageException e) {
                return false;
            }
        } catch (StorageException e) {
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void a_slot_that_is_not_whole_leaves_the_state_of_the_other(int slot) throws IOException {
        try (FileNodeStateStore store = new FileNodeStateStore(directory)) {
            store.open();
            store.save(OLD);
            store.save(NEW);
        }
        byte[] file = Files.readAllBytes(directory.resolve("node.state"));
        // The third write is in slot 0, the second in slot 1.
        file[NodeStateFormat.PAGE + slot * (file.length - NodeStateFormat.PAGE) / 2 + 70] ^= 1;
        Files.write(directory.resolve("node.state"), file);

        Opened opened = reopened();

        assertThat(opened.payload()).contains(slot == 0 ? OLD : NEW);
        assertThat(opened.isCurrent()).isEqualTo(slot == 1);
        assertThat(opened.writeCount()).isEqualTo(slot == 0 ? 3 : 4);
        assertThat(opened.notice())
                .hasValueSatisfying(notice ->
                        assertThat(notice).contains("one of the two slots of").contains("is not whole"));
    }

    @Test
    void a_disk_on_which_all_is_well_says_nothing() {
        for (int i = 0; i < 3; i++) {
            try (FileNodeStateStore store = new FileNodeStateStore(directory)) {
                assertThat(store.open().notice()).isEmpty();
                store.save(OLD);
            }
        }
    }

    @Test
    void a_file_that_was_replaced_while_it_was_in_use_ends_the_store() throws IOException {
        try (FileNodeStateStore store = new FileNodeStateStore(directory)) {
            store.open();
            store.save(OLD);
            Path file = directory.resolve("node.state");
            byte[] copy = Files.readAllBytes(file);
            Files.move(file, directory.resolve("moved"));
            assertThatThrownBy(() -> store.save(NEW)).isInstanceOf(StorageException.class);
            Files.write(file, copy);
            assertThatThrownBy(() -> store.save(NEW)).hasMessageContaining("earlier save failed");
        }
    }

    @Test
    void a_file_that_is_gone_is_not_made_again() throws IOException {
        try (FileNodeStateStore store = new FileNodeStateStore(directory)) {
            store.open();
            Files.move(directory.resolve("node.state"), directory.resolve("moved"));
            assertThatThrownBy(() -> store.save(NEW)).isInstanceOf(StorageException.class);
            assertThat(directory.resolve("node.state")).doesNotExist();
        }
    }

    /** The kernel shows the bytes of a write that failed; the disk does not have them. */
    @Test
    void a_disk_that_stays_sick_keeps_the_last_state_that_it_has() throws IOException {
        FailingOnce files = new FailingOnce();
        try (FileNodeStateStore store = new FileNodeStateStore(directory, files)) {
            store.open();
            store.save(OLD);
        }
        byte[] onDisk = Files.readAllBytes(directory.resolve("node.state"));
        try (FileNodeStateStore store = new FileNodeStateStore(directory)) {
            store.open();
            store.save(NEW);
        }
        byte[] shown = Files.readAllBytes(directory.resolve("node.state"));
        files.failing = true;

        assertThatThrownBy(() -> new FileNodeStateStore(directory, files).open())
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("No space left on device");
        assertThat(Files.readAllBytes(directory.resolve("node.state")))
                .isEqualTo(shown)
                .isNotEqualTo(onDisk);
    }

    @Test
    void a_file_of_the_format_before_is_read_and_becomes_one_of_this() throws IOException {
        Path file = directory.resolve("node.state");
        Files.write(
                file,
                NodeStateFormat.encode(new NodeStateFormat.State(
                                new NodeStateStore.DiskIdentity(1, 2), 3, 4, Optional.of(OLD)))
                        .array());

        Opened opened = reopened();

        assertThat(opened.payload()).contains(OLD);
        assertThat(opened.bootCount()).isEqualTo(4);
        assertThat(Files.size(file)).isGreaterThan(NodeStateFormat.PAGE);
        assertThat(reopened().bootCount()).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_cut_between_any_two_steps_of_the_first_open_leaves_an_empty_disk_or_a_whole_one(boolean lazyDisk) {
        for (int at = 0; at < 6; at++) {
            Path disk = directory.resolve("disk" + at);
            CuttingFiles files = new CuttingFiles(at, lazyDisk);
            try (FileNodeStateStore store = new FileNodeStateStore(disk, files)) {
                assertThatThrownBy(store::open).isInstanceOf(StorageException.class);
            }
            try (FileNodeStateStore store = new FileNodeStateStore(disk)) {
                assertThat(store.open().payload()).isEmpty();
            }
        }
    }

    @Test
    void a_failed_save_ends_the_store() {
        FailingOnce files = new FailingOnce();
        try (FileNodeStateStore store = new FileNodeStateStore(directory, files)) {
            store.open();
            store.save(OLD);
            files.failing = true;
            assertThatThrownBy(() -> store.save(NEW))
                    .isInstanceOf(StorageException.class)
                    .hasMessageContaining("No space left on device")
                    .hasMessageContaining(directory.resolve("node.state").toString())
                    .hasMessageContaining("free space");
            files.failing = false;

            assertThatThrownBy(() -> store.save(NEW))
                    .isInstanceOf(StorageException.class)
                    .hasMessageContaining("earlier save failed");
            assertThatThrownBy(() -> new FileNodeStateStore(directory).open()).hasMessageContaining("another node");
        }
        assertThat(reopened().payload()).contains(OLD);
    }

    @Test
    void a_second_node_of_the_same_process_is_refused_and_does_not_loosen_the_lock() throws Exception {
        try (FileNodeStateStore store = new FileNodeStateStore(directory)) {
            store.open();
            assertThatThrownBy(() -> new FileNodeStateStore(directory).open())
                    .isInstanceOf(StorageException.class)
                    .hasMessageContaining("another node of this same JVM")
                    .hasMessageContaining("node.lock");

            assertThat(openInAnotherProcess())
                    .contains("in use by process " + ProcessHandle.current().pid())
                    .contains("node.lock");
        }
        assertThat(openInAnotherProcess()).contains("opened");
    }

    /** Run as a process of its own by the test above. */
    public static void main(String[] args) {
        try (FileNodeStateStore store = new FileNodeStateStore(Path.of(args[0]))) {
            store.open();
            System.out.println("opened");
        } catch (StorageException e) {
            System.out.println(e.getMessage());
        }
    }

    private String openInAnotherProcess() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        FileNodeStateStoreTest.class.getName(),
                        directory.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return said;
    }

    @Test
    void a_foreign_file_is_refused_and_left_alone() throws IOException {
        Path file = directory.resolve("node.state");
        Files.writeString(file, "# notes of somebody else, long enough to be as long as a header would be\n");

        assertThatThrownBy(this::reopened)
                .isInstanceOf(StorageException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("not a node state file");
        assertThat(file).content().startsWith("# notes");
    }

    @Test
    void a_newer_format_is_told_from_damage() throws IOException {
        ByteBuffer bytes = NodeStateFormat.encode(
                new NodeStateFormat.State(new NodeStateStore.DiskIdentity(1, 2), 1, 1, Optional.of(OLD)));
        bytes.putInt(8, 3);
        java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
        crc.update(bytes.array(), 0, 12);
        bytes.putInt(12, (int) crc.getValue());
        Files.write(directory.resolve("node.state"), bytes.array());

        assertThatThrownBy(this::reopened)
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("has format 3, this version reads formats up to 2");
    }

    @Test
    void a_file_cut_to_nothing_is_damage_and_not_an_empty_disk() throws IOException {
        Files.createFile(directory.resolve("node.state"));

        assertThatThrownBy(this::reopened)
                .hasMessageContaining("damaged")
                .hasMessageContaining("with an empty directory it is admitted by itself");
    }

    @Test
    void a_directory_that_cannot_be_used_is_named() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));

        assertThatThrownBy(() -> new FileNodeStateStore(file.resolve("below")).open())
                .isInstanceOf(StorageException.class)
                .hasMessageContaining(file.resolve("below").toString())
                .hasMessageContaining("restart the node");
        assertThatThrownBy(() -> new FileNodeStateStore(Path.of("/proc")).open())
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("/proc");
    }

    @Test
    void only_our_own_leftover_is_removed() throws IOException {
        Path leftover = directory.resolve("node.state.new");
        Files.writeString(leftover, "UNDR");
        Files.writeString(directory.resolve("node.state.bak"), "theirs");
        assertThat(reopened().wasEmpty()).isTrue();
        assertThat(leftover).doesNotExist();
        assertThat(directory.resolve("node.state.bak")).hasContent("theirs");

        Files.writeString(leftover, "theirs");
        assertThatThrownBy(this::reopened).hasMessageContaining("not of this library");
        assertThat(leftover).hasContent("theirs");
    }

    @Test
    void calls_out_of_order_are_refused_by_name() {
        FileNodeStateStore store = new FileNodeStateStore(directory);
        assertThatThrownBy(() -> store.save(OLD)).isInstanceOf(LifecycleException.class);
        store.open();
        assertThatThrownBy(store::open).isInstanceOf(LifecycleException.class);
        assertThatThrownBy(() -> store.save(new byte[NodeStateStore.PAYLOAD_MAX + 1]))
                .isInstanceOf(IllegalArgumentException.class);
        store.close();
        store.close();
        assertThatThrownBy(() -> store.save(OLD))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("closed");
    }

    private Opened reopened() {
        return reopened(directory);
    }

    private static Opened reopened(Path disk) {
        try (FileNodeStateStore store = new FileNodeStateStore(disk)) {
            return store.open();
        }
    }

    private static final class FailingOnce implements StateFiles {
        private final StateFiles real = StateFiles.ofTheSystem();
        boolean failing;

        @Override
        public NewFile create(Path path) throws IOException {
            NewFile file = real.create(path);
            return new NewFile() {
                @Override
                public void write(ByteBuffer bytes) throws IOException {
                    file.write(bytes);
                }

                @Override
                public void force() throws IOException {
                    if (failing) {
                        throw new IOException("No space left on device");
                    }
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
            FileInPlace file = real.open(path);
            return new FileInPlace() {
                @Override
                public void write(long position, ByteBuffer bytes) throws IOException {
                    if (failing) {
                        throw new IOException("No space left on device");
                    }
                    file.write(position, bytes);
                }

                @Override
                public void close() throws IOException {
                    file.close();
                }
            };
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            real.rename(from, to);
        }

        @Override
        public void forceDirectory(Path directory) throws IOException {
            real.forceDirectory(directory);
        }
    }
}
