package org.understudy.ha.membership.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.SinkBusyException;
import org.understudy.ha.api.StaleTokenException;

/** Several processes and one guarded file. */
@Timeout(120)
class GuardedFileProcessesTest {

    private static final FencingToken NEW = new FencingToken(9);
    private static final byte[] MARK = "nine\n".getBytes(UTF_8);

    @TempDir
    Path directory;

    private final List<Writer> writers = new ArrayList<>();

    @AfterEach
    void endProcesses() throws Exception {
        for (Writer writer : writers) {
            writer.process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void a_token_admitted_in_one_process_shuts_out_an_older_one_in_another() throws Exception {
        Writer old = writer();
        old.say("append 7 seven");
        assertThat(old.hear()).isEqualTo("done");
        file().append(NEW, MARK);

        old.say("append 7 stale");

        assertThat(old.hear()).isEqualTo("StaleTokenException");
        assertThat(lines()).containsExactly("seven", "nine");
    }

    @Test
    void a_writer_that_stalls_between_check_and_write_makes_others_wait_and_is_never_overtaken() throws Exception {
        Writer old = writer();
        old.say("append 7 seven");
        assertThat(old.hear()).isEqualTo("done");
        old.say("stall 7 stalled");
        assertThat(old.hear()).isEqualTo("inside");

        GuardedFile impatient = GuardedFile.at(path(), Duration.ofMillis(100));
        assertThatThrownBy(() -> impatient.append(NEW, MARK))
                .isInstanceOf(SinkBusyException.class)
                .hasMessageContaining("process " + old.process.pid());

        old.say("go on");
        assertThat(old.hear()).isEqualTo("done");
        file().append(NEW, MARK);
        old.say("append 7 stale");
        assertThat(old.hear()).isEqualTo("StaleTokenException");
        assertThat(lines()).containsExactly("seven", "stalled", "nine");
    }

    @Test
    void the_end_of_a_stalled_writer_ends_its_lock_and_leaves_the_old_contents() throws Exception {
        Writer old = writer();
        old.say("append 7 seven");
        assertThat(old.hear()).isEqualTo("done");
        old.say("stall 7 stalled");
        assertThat(old.hear()).isEqualTo("inside");

        old.process.destroyForcibly().waitFor();

        file().append(NEW, MARK);
        assertThat(lines()).containsExactly("seven", "nine");
        assertThatThrownBy(() -> file().append(new FencingToken(7), MARK)).isInstanceOf(StaleTokenException.class);
    }

    @Test
    void racing_processes_lose_nothing_acknowledged_and_never_write_behind_a_newer_token() throws Exception {
        int processes = 2;
        for (int i = 1; i <= processes; i++) {
            writer();
        }
        for (int i = 0; i < processes; i++) {
            writers.get(i).say("race " + (i + 1) + " " + processes + " 60");
        }
        List<String> acknowledged = new ArrayList<>();
        for (Writer writer : writers) {
            List<String> words = Arrays.asList(writer.hear().split(" "));
            acknowledged.addAll(words.subList(1, words.size()));
        }

        List<String> found = lines();
        List<Long> tokens = found.stream()
                .map(line -> Long.parseLong(line.substring(0, line.indexOf('-'))))
                .toList();
        assertThat(tokens).isSorted().isNotEmpty();
        assertThat(found).containsExactlyInAnyOrderElementsOf(acknowledged);
    }

    private Path path() {
        return directory.resolve("totals");
    }

    private GuardedFile file() {
        return GuardedFile.at(path());
    }

    private List<String> lines() {
        return new String(file().read().orElseThrow(), UTF_8).lines().toList();
    }

    private Writer writer() throws IOException {
        Writer writer = new Writer(GuardedFileProcess.start(path()));
        writers.add(writer);
        assertThat(writer.hear()).isEqualTo("ready");
        return writer;
    }

    private static final class Writer {
        private final Process process;
        private final BufferedReader out;

        private Writer(Process process) {
            this.process = process;
            this.out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
        }

        private void say(String line) throws IOException {
            process.getOutputStream().write((line + "\n").getBytes(UTF_8));
            process.getOutputStream().flush();
        }

        private String hear() throws IOException {
            return out.readLine();
        }
    }
}
