package org.understudy.ha.testkit.faults;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * A program's lines to the harness: one write(2) a line on the standard output, so that a line is whole and with the reader
 * even if the process is killed at once. Safe from any thread, also from an interrupted one.
 */
final class Report {
    private final OutputStream out = new FileOutputStream(FileDescriptor.out);

    void line(Object... words) {
        StringBuilder text = new StringBuilder();
        for (Object word : words) {
            text.append(text.length() == 0 ? "" : " ").append(word);
        }
        byte[] bytes = text.append('\n').toString().getBytes(StandardCharsets.UTF_8);
        try {
            synchronized (out) {
                out.write(bytes);
            }
        } catch (IOException e) {
            // Nobody listens any more: the harness is gone, and an effect nobody can judge must not go on.
            Runtime.getRuntime().halt(4);
        }
    }
}
