package org.understudy.ha.membership.admin;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.membership.codec.AdminCodec;
import org.understudy.ha.membership.core.admin.AdminAnswer;
import org.understudy.ha.membership.core.admin.AdminRequest;

/** Asks a node one thing. For tools on the node's own host. */
public final class AdminClient {

    private AdminClient() {}

    /**
     * Sends a request and waits for the answer.
     *
     * @param limit for all of it
     * @throws IOException if nobody answers, or not in time; whether an order was carried out is not known then
     * @throws org.understudy.ha.api.MalformedMessageException if what answers is no node of this release
     */
    public static AdminAnswer ask(Path socket, AdminRequest request, Duration limit) throws IOException {
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(body -> {
            Thread thread = new Thread(body, "understudy-deadline");
            thread.setDaemon(true);
            return thread;
        });
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            // Whoever does not accept keeps a caller waiting as well, once enough do.
            timer.schedule(() -> closeQuietly(channel), limit.toMillis(), TimeUnit.MILLISECONDS);
            channel.connect(UnixDomainSocketAddress.of(socket));
            AdminFrames.write(channel, AdminCodec.encode(request));
            return AdminCodec.decodeAnswer(AdminFrames.read(channel, AdminFrames.ANSWER_MAX));
        } catch (ClosedChannelException e) {
            throw new IOException("no answer within " + limit.toMillis() + " ms", e);
        } finally {
            timer.shutdownNow();
        }
    }

    private static void closeQuietly(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // Whoever waits on it is told of its end by this very call.
            Thread.currentThread().interrupt();
        }
    }
}
