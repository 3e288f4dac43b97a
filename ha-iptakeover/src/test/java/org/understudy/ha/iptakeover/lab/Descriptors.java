package org.understudy.ha.iptakeover.lab;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;

/** What this process has open, without what a JVM opens as it likes and when it likes. */
public final class Descriptors {
    /** Jars and modules, sources of randomness, pipes to other processes, and tables of the kernel that are read at once. */
    private static final Pattern OF_THE_JVM =
            Pattern.compile(".*\\.(jar|jsa)|.*/lib/modules|/dev/u?random|pipe:.*|/proc/.*|/sys/.*");

    private Descriptors() {}

    /** In order of their kind: {@code "socket:"} for each socket, and so on. */
    public static List<String> open() {
        List<String> open = new ArrayList<>();
        for (File one : new File("/proc/self/fd").listFiles()) {
            try {
                Path target = Files.readSymbolicLink(one.toPath());
                if (!OF_THE_JVM.matcher(target.toString()).matches()) {
                    open.add(target.toString().replaceAll("\\[\\d+\\]", ""));
                }
            } catch (NoSuchFileException e) {
                // That of the listing, or closed meanwhile.
                continue;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        Collections.sort(open);
        return open;
    }
}
