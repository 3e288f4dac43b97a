package org.understudy.ha.samples.demo;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.understudy.ha.samples.mutualfailover.MutualFailover;

/**
 * The sample with a planted bug: when {@code serv1} starts a second time on its state, it takes the address of {@code files}
 * without asking anybody, for a tenth of a second.
 */
final class StubbornServer {
    private StubbornServer() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments[0].equals("serv1") && Files.exists(Path.of(arguments[1]))) {
            awaitGuardian(Path.of(arguments[1], "guardian.lock"));
            ip("add");
            Thread.currentThread().join(100);
            ip("del");
        }
        MutualFailover.main(arguments);
    }

    /** The gate of the last life keeps the address mute until its guardian has tidied up and ended. */
    private static void awaitGuardian(Path lockFile) throws IOException {
        try (FileChannel file = FileChannel.open(lockFile, StandardOpenOption.WRITE);
                FileLock lock = file.lock()) {
            lock.release();
        }
    }

    private static void ip(String verb) throws IOException, InterruptedException {
        Process ip = new ProcessBuilder("ip", "addr", verb, "10.77.0.50/32", "dev", "lan0")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        if (ip.waitFor() != 0) {
            throw new IOException("ip addr " + verb + " failed");
        }
    }
}
