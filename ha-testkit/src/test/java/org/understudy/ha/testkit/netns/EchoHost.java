package org.understudy.ha.testkit.netns;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Serves one line on a port; what hosts run in the laboratory's own tests. Arguments: port, who. */
final class EchoHost {
    private EchoHost() {}

    public static void main(String[] arguments) throws IOException {
        byte[] answer =
                ("HTTP/1.0 200 OK\r\n\r\necho served by " + arguments[1] + "\n").getBytes(StandardCharsets.UTF_8);
        try (ServerSocket server = new ServerSocket(Integer.parseInt(arguments[0]), 500)) {
            System.out.println("listening");
            while (true) {
                try (Socket socket = server.accept()) {
                    if (socket.getInputStream().read(new byte[512]) > 0) {
                        socket.getOutputStream().write(answer);
                    }
                } catch (IOException e) {
                    // The client reset its connection, as probers do.
                    continue;
                }
            }
        }
    }
}
