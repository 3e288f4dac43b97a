package org.understudy.ha.testkit.netns;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;

/** Sends a file to the first that connects. Arguments: port, file. */
final class BulkHost {
    private BulkHost() {}

    public static void main(String[] arguments) throws IOException {
        try (ServerSocket server = new ServerSocket(Integer.parseInt(arguments[0]))) {
            System.out.println("listening");
            try (Socket socket = server.accept()) {
                Files.copy(Path.of(arguments[1]), socket.getOutputStream());
            }
        }
    }
}
