package org.understudy.ha.membership.guardian;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.spi.HostPort;
import org.understudy.ha.api.spi.HostPort.LifeMark;

/**
 * The mark by which the guardian learns that its node is ending before it has ended. The file that names it stands on a memory file system until
 * the guardian has opened it.
 */
final class NodeMark {
    private static final Logger LOG = LoggerFactory.getLogger(NodeMark.class);
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final int MARK_BYTES = 4096;
    /** Instead of a file: there is no mark. */
    private static final String NONE = "-";

    private final Optional<Path> file;
    private final Optional<LifeMark> mark;
    private final CountDownLatch held = new CountDownLatch(1);

    private NodeMark(Optional<Path> file, Optional<LifeMark> mark) {
        this.file = file;
        this.mark = mark;
    }

    /** Makes one, if a host port can. Without, the node's end is noticed when the process is gone. */
    static NodeMark create(Optional<HostPort> port) {
        Path file = null;
        try {
            if (port.filter(p -> p.unavailableBecause().isEmpty()).isPresent() && isMemory()) {
                file = Files.createTempFile(SHARED_MEMORY, "understudy-", ".mark");
                // A mapping of what a full file system has no room for would end this process.
                Files.write(file, new byte[MARK_BYTES]);
                Optional<LifeMark> mark = port.get().newLifeMark(file);
                if (mark.isPresent()) {
                    return new NodeMark(Optional.of(file), mark);
                }
            }
        } catch (IOException | HaException e) {
            LOG.info("the end of this process is noticed only when its memory is given back: {}", e.getMessage());
        }
        NodeMark none = new NodeMark(Optional.ofNullable(file), Optional.empty());
        none.forgetFile();
        return none;
    }

    private static boolean isMemory() throws IOException {
        return Files.isDirectory(SHARED_MEMORY)
                && Files.getFileStore(SHARED_MEMORY).type().equals("tmpfs");
    }

    /** What the guardian is told. */
    String argument() {
        return mark.isPresent() ? file.map(Path::toString).orElse(NONE) : NONE;
    }

    /** The same, on its side. */
    static Optional<Path> file(String argument) {
        return argument.equals(NONE) ? Optional.empty() : Optional.of(Path.of(argument));
    }

    /** The calling thread holds it while it does this. */
    void holdWhile(Runnable work) {
        boolean isHeld = false;
        try {
            mark.ifPresent(LifeMark::hold);
            isHeld = mark.isPresent();
        } catch (HaException e) {
            // Nobody holds it: the guardian finds it free, and looks at the process alone.
            LOG.info("the end of this process is noticed only when its memory is given back: {}", e.getMessage());
        } finally {
            held.countDown();
        }
        try {
            work.run();
        } finally {
            if (isHeld) {
                mark.ifPresent(LifeMark::release);
            }
        }
    }

    /** Before this the guardian must not look at it. */
    void awaitHeld() throws InterruptedException {
        held.await();
    }

    /** Both sides have it open, or never will. */
    void forgetFile() {
        try {
            if (file.isPresent()) {
                Files.deleteIfExists(file.get());
            }
        } catch (IOException e) {
            LOG.debug("{} could not be removed: {}", file.get(), e.toString());
        }
    }
}
