package org.understudy.ha.testkit.netns;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.understudy.ha.api.PlatformException;

/** Asks a program of the testkit, a line each, and reads its answers up to a line with a dot. Not thread-safe. */
final class Conversation {
    private final String name;
    private final BufferedReader in;
    private final Writer out;

    Conversation(String name, HostProcess program) {
        this.name = name;
        this.in = new BufferedReader(
                new InputStreamReader(program.process().getInputStream(), StandardCharsets.UTF_8), 1 << 16);
        this.out =
                new BufferedWriter(new OutputStreamWriter(program.process().getOutputStream(), StandardCharsets.UTF_8));
    }

    /** What the program says by itself when it is ready. */
    String greeting() {
        try {
            String line = in.readLine();
            if (line == null) {
                throw new IOException("it has ended");
            }
            return line;
        } catch (IOException e) {
            throw new PlatformException(name, 0, "the " + name + " did not start: " + e.getMessage(), e);
        }
    }

    List<String> ask(String command) {
        try {
            out.write(command + "\n");
            out.flush();
            List<String> answer = new ArrayList<>();
            for (String line = in.readLine(); !".".equals(line); line = in.readLine()) {
                if (line == null) {
                    throw new IOException("it has ended");
                }
                answer.add(line);
            }
            return answer;
        } catch (IOException e) {
            throw new PlatformException(
                    name, 0, "the " + name + " did not carry out '" + command + "': " + e.getMessage(), e);
        }
    }
}
