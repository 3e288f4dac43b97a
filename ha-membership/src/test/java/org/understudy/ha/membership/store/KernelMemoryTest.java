package org.understudy.ha.membership.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.membership.spi.NodeStateStore.Opened;

class KernelMemoryTest {

    @TempDir
    private Path root;

    @Test
    void a_disk_is_current_when_it_is_new_and_when_it_is_as_it_was_left() throws IOException {
        assertThat(lives("disk", "one", "two").isCurrent()).isTrue();
        assertThat(lives("disk").isCurrent()).isTrue();
    }

    /** Killed in the middle of a write, a node finds its disk as it was before or as it is after: it has said nothing that it forgot. */
    @Test
    void a_disk_is_current_wherever_its_last_write_was_cut_off() throws IOException {
        boolean isCut = true;
        for (int at = 0; isCut; at++) {
            String name = "disk" + at;
            lives(name, "one");
            byte[] older = Files.readAllBytes(root.resolve(name + "/node.state"));
            lives(name, "two");
            CuttingFiles files = new CuttingFiles(at, false);
            isCut = isCutSaving(name, files);

            assertThat(lives(name).isCurrent()).as("cut before %s", files.steps).isTrue();
            Files.write(root.resolve(name + "/node.state"), older);
            assertThat(lives(name).isCurrent())
                    .as("an older copy after a cut before %s", files.steps)
                    .isFalse();
        }
    }

    private boolean isCutSaving(String name, CuttingFiles files) throws IOException {
        try (FileNodeStateStore store =
                new FileNodeStateStore(root.resolve(name), files, Optional.of(Files.createDirectories(memory())))) {
            store.open();
            store.save("three".getBytes(StandardCharsets.UTF_8));
        } catch (StorageException e) {
            assertThat(files.wasCut()).isTrue();
        }
        return files.wasCut();
    }

    @Test
    void an_older_copy_is_not() throws IOException {
        lives("disk", "one");
        byte[] copy = Files.readAllBytes(root.resolve("disk/node.state"));
        lives("disk", "two");
        Files.write(root.resolve("disk/node.state"), copy);

        assertThat(lives("disk").isCurrent()).isFalse();
    }

    @Test
    void an_older_copy_stays_one_until_its_node_has_saved() throws IOException {
        lives("disk", "one");
        byte[] copy = Files.readAllBytes(root.resolve("disk/node.state"));
        lives("disk", "two");
        Files.write(root.resolve("disk/node.state"), copy);
        lives("disk");

        assertThat(lives("disk", "recovering").isCurrent())
                .as("nothing but a start was counted")
                .isFalse();
        assertThat(lives("disk").isCurrent()).as("it was saved since").isTrue();
    }

    @Test
    void two_histories_of_one_length_are_told_apart() throws IOException {
        lives("disk", "one");
        byte[] copy = Files.readAllBytes(root.resolve("disk/node.state"));
        lives("disk", "two");
        byte[] other = Files.readAllBytes(root.resolve("disk/node.state"));
        Files.write(root.resolve("disk/node.state"), copy);
        lives("disk", "three");
        Files.write(root.resolve("disk/node.state"), other);

        assertThat(lives("disk").isCurrent()).isFalse();
    }

    @Test
    void tidying_up_after_others_leaves_the_locks_of_this_process_alone() throws IOException {
        lives("disk", "one");
        Files.createDirectory(root.resolve("copy"));
        Files.copy(root.resolve("disk/node.state"), root.resolve("copy/node.state"));
        try (FileNodeStateStore store = store("disk")) {
            store.open();
            lives("other", "one");
            try (FileNodeStateStore copy = store("copy")) {
                assertThatThrownBy(copy::open).hasMessageContaining("copy");
            }

            assertThat(Elsewhere.opens(root.resolve("copy"), memory()))
                    .contains("a copy of this directory is in use by process "
                            + ProcessHandle.current().pid());
        }
    }

    @Test
    void nothing_is_after_the_kernel_was_started_again() throws IOException {
        lives("disk", "one");
        try (var files = Files.list(memory())) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }

        assertThat(lives("disk").isCurrent()).isFalse();
    }

    @Test
    void a_host_without_such_a_place_says_nothing_but_of_new_disks() {
        try (FileNodeStateStore store =
                new FileNodeStateStore(root.resolve("bare"), StateFiles.ofTheSystem(), Optional.empty())) {
            assertThat(store.open().isCurrent()).isTrue();
        }
        try (FileNodeStateStore store =
                new FileNodeStateStore(root.resolve("bare"), StateFiles.ofTheSystem(), Optional.empty())) {
            assertThat(store.open().isCurrent()).isFalse();
        }
    }

    @Test
    void a_copy_of_a_directory_is_refused_while_the_other_is_in_use() throws IOException {
        lives("disk", "one");
        Files.createDirectory(root.resolve("copy"));
        Files.copy(root.resolve("disk/node.state"), root.resolve("copy/node.state"));
        try (FileNodeStateStore store = store("disk");
                FileNodeStateStore other = store("copy")) {
            store.open();

            assertThatThrownBy(other::open)
                    .isInstanceOf(StorageException.class)
                    .hasMessageContaining("copy")
                    .hasMessageContaining("directory of its own");
        }
    }

    /** Another mount namespace may see a directory that this process does not. */
    @Test
    void what_is_remembered_of_a_directory_that_is_gone_is_forgotten_after_a_week() throws IOException {
        lives("disk", "one");
        Files.delete(root.resolve("disk/node.state"));
        Files.delete(root.resolve("disk/node.lock"));
        Files.delete(root.resolve("disk"));
        lives("other", "one");
        assertThat(notes()).hasSize(2);

        for (Path note : notes()) {
            Files.setLastModifiedTime(note, FileTime.from(Instant.now().minus(Duration.ofDays(8))));
        }
        lives("other", "two");

        assertThat(notes()).hasSize(1);
    }

    private List<Path> notes() throws IOException {
        try (var files = Files.list(memory())) {
            return files.filter(each -> !each.toString().endsWith(".lock")).toList();
        }
    }

    private Opened lives(String directory, String... payloads) throws IOException {
        try (FileNodeStateStore store = store(directory)) {
            Opened opened = store.open();
            for (String payload : payloads) {
                store.save(payload.getBytes(StandardCharsets.UTF_8));
            }
            return opened;
        }
    }

    private FileNodeStateStore store(String directory) throws IOException {
        return new FileNodeStateStore(
                root.resolve(directory), StateFiles.ofTheSystem(), Optional.of(Files.createDirectories(memory())));
    }

    private Path memory() {
        return root.resolve("memory");
    }
}
