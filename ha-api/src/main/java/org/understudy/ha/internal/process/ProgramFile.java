package org.understudy.ha.internal.process;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whether a file can be run as a program, found out without running it. */
public final class ProgramFile {

    /** More is cut off by the kernel, too. */
    private static final int FIRST_LINE_BYTES = 256;

    private static final Pattern FIRST_LINE = Pattern.compile("#![ \\t]*([^ \\t\\n\\x00]+)");

    private ProgramFile() {}

    /**
     * @param script absolute
     * @return why it cannot be run, one sentence with the remedy, or an empty string
     */
    public static String obstacle(Path script) {
        if (!Files.exists(script)) {
            return script + " does not exist: put the program there, or correct the path";
        }
        if (!Files.isRegularFile(script)) {
            return script + " is not a file: give the path of the program itself";
        }
        if (!Files.isExecutable(script)) {
            return script + " cannot be executed by this user: chmod a+x " + script;
        }
        try {
            if (Files.getPosixFilePermissions(script).contains(PosixFilePermission.OTHERS_WRITE)) {
                return script + " can be written by everybody, who would then run as this user: chmod o-w " + script;
            }
            return contents(script);
        } catch (UnsupportedOperationException e) {
            // No such permissions on this file system.
            return "";
        } catch (IOException e) {
            return script + " cannot be read: " + e.getMessage();
        }
    }

    /** Java would hand anything else to a shell (execve(2), ENOEXEC). A program that may be run and not read is trusted. */
    private static String contents(Path script) throws IOException {
        if (!Files.isReadable(script)) {
            return "";
        }
        String start;
        try (InputStream in = Files.newInputStream(script)) {
            start = new String(in.readNBytes(FIRST_LINE_BYTES), StandardCharsets.ISO_8859_1);
        }
        if (start.startsWith("\u007fELF")) {
            return "";
        }
        Matcher line = FIRST_LINE.matcher(start);
        if (!line.lookingAt()) {
            return script + " is neither a program nor a text that begins with #!: name its interpreter in"
                    + " the first line, for example #!/bin/sh";
        }
        String interpreter = line.group(1);
        if (interpreter.endsWith("\r")) {
            return script + " has the line ends of another system, so that its interpreter is not found: save it with"
                    + " line feeds only";
        }
        return Files.isExecutable(Path.of(interpreter))
                ? ""
                : script + " names the interpreter in its first line as " + interpreter
                        + ", which cannot be executed: install it, or correct the line";
    }
}
