package org.understudy.ha.internal.process;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;

/** Whether a file can be run as a program, found out without running it. */
public final class ProgramFile {

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
            return isProgram(script)
                    ? ""
                    : script + " is neither a program nor a text that begins with #!: name its interpreter in"
                            + " the first line, for example #!/bin/sh";
        } catch (UnsupportedOperationException e) {
            // No such permissions on this file system.
            return "";
        } catch (IOException e) {
            return script + " cannot be read: " + e.getMessage();
        }
    }

    /** Java would hand anything else to a shell (execve(2), ENOEXEC). A program that may be run and not read is trusted. */
    private static boolean isProgram(Path script) throws IOException {
        if (!Files.isReadable(script)) {
            return true;
        }
        try (InputStream in = Files.newInputStream(script)) {
            byte[] start = in.readNBytes(4);
            boolean isText = start.length > 2 && start[0] == '#' && start[1] == '!';
            boolean isElf =
                    start.length == 4 && start[0] == 0x7f && start[1] == 'E' && start[2] == 'L' && start[3] == 'F';
            return isText || isElf;
        }
    }
}
