package org.understudy.ha.membership.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.understudy.ha.membership.core.record.HostIdentity;

/** Where this process runs, as far as it can prove it. Linux; anywhere else nothing is proved. */
public final class ThisHost {

    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
    private static final Path MACHINE_ID = Path.of("/etc/machine-id");
    private static final List<Path> CONTAINER_MARKS =
            List.of(Path.of("/.dockerenv"), Path.of("/run/.containerenv"), Path.of("/run/systemd/container"));
    /** On these another host may hold a file that this one believes locked. */
    private static final List<String> SHARED_TYPES = List.of(
            "nfs",
            "cifs",
            "smb",
            "ceph",
            "gluster",
            "fuse",
            "9p",
            "ocfs2",
            "gfs2",
            "lustre",
            "beegfs",
            "afs",
            "virtiofs");

    private ThisHost() {}

    /**
     * @param lockFile exists, and is locked by this process
     */
    public static HostIdentity identity(Path lockFile) {
        return new HostIdentity(isContainer() ? "" : line(MACHINE_ID), line(BOOT_ID), lock(lockFile));
    }

    /** Whether a power cut empties the file system of this directory. */
    public static boolean isInMemory(Path directory) {
        try {
            String type = Files.getFileStore(directory).type().toLowerCase(Locale.ROOT);
            return type.equals("tmpfs") || type.equals("ramfs");
        } catch (IOException e) {
            return false;
        }
    }

    /** An image brings its own machine-id, the same on every host it runs on. */
    private static boolean isContainer() {
        try {
            return CONTAINER_MARKS.stream().anyMatch(Files::exists)
                    || System.getenv("KUBERNETES_SERVICE_HOST") != null
                    || Files.getFileStore(Path.of("/")).type().equals("overlay");
        } catch (IOException e) {
            return true;
        }
    }

    private static String lock(Path lockFile) {
        try {
            String type = Files.getFileStore(lockFile).type().toLowerCase(Locale.ROOT);
            boolean isShared = SHARED_TYPES.stream().anyMatch(type::startsWith);
            return isShared
                    ? ""
                    : Files.getAttribute(lockFile, "unix:dev") + ":" + Files.getAttribute(lockFile, "unix:ino");
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return "";
        }
    }

    private static String line(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
