package org.understudy.ha.testkit.sink;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.sink.FencedSink;
import org.understudy.ha.membership.sink.GuardedFile;

/** The guarded file keeps the contract of every sink. */
class GuardedFileContractTest extends FencedSinkContract {

    @TempDir
    Path directory;

    @Override
    protected FencedSink open() {
        return GuardedFile.at(directory.resolve("marks"));
    }

    @Override
    protected void effect(FencedSink sink, FencingToken token, String mark) {
        ((GuardedFile) sink).append(token, (mark + "\n").getBytes(UTF_8));
    }

    @Override
    protected List<String> effects() {
        byte[] all = GuardedFile.at(directory.resolve("marks")).read().orElse(new byte[0]);
        return new String(all, UTF_8).lines().toList();
    }
}
