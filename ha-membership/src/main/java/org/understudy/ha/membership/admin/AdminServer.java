package org.understudy.ha.membership.admin;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.Refusals;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.codec.AdminCodec;
import org.understudy.ha.membership.core.admin.AdminAnswer;
import org.understudy.ha.membership.core.admin.AdminAnswer.Outcome;
import org.understudy.ha.membership.core.admin.AdminRequest;
import org.understudy.ha.membership.refusal.QuietLog;
import org.understudy.ha.membership.refusal.RefusalCounts;

/**
 * Takes requests on a Unix socket: from the user this process runs as and from root, {@value #CLIENTS_MAX} at a time, each within
 * {@value #READ_SECONDS} seconds after it connected.
 *
 * <p>The socket has mode 0600, and of whoever connects the kernel says who it is. Whatever a client does, it holds up nothing but its own
 * thread, and that for a bounded time.
 */
public final class AdminServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);
    static final int CLIENTS_MAX = 8;
    static final int READ_SECONDS = 5;
    static final int WRITE_SECONDS = 5;
    private static final long FINISH_MILLIS = 300;
    private static final long END_MILLIS = 500;
    private static final long AFTER_ERROR_NANOS = 100_000_000L;

    private final Path socket;
    private final Function<AdminRequest, AdminAnswer> desk;
    private final ScheduledExecutorService timers;
    private final RefusalCounts refusals;
    private final QuietLog log = new QuietLog(LOG);
    private final ServerSocketChannel server;
    private final UserPrincipal self;
    private final UserPrincipal root;
    private final Thread acceptor;
    private final ThreadPoolExecutor clients;
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();
    private volatile boolean isClosing;

    private AdminServer(
            Path socket,
            ServerSocketChannel server,
            Function<AdminRequest, AdminAnswer> desk,
            NamedThreads threads,
            ScheduledExecutorService timers,
            RefusalCounts refusals)
            throws IOException {
        this.socket = socket;
        this.server = server;
        this.desk = desk;
        this.timers = timers;
        this.refusals = refusals;
        this.self = Files.getOwner(socket, LinkOption.NOFOLLOW_LINKS);
        this.root = socket.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("0");
        this.acceptor = threads.thread("admin", this::accept);
        this.clients = new ThreadPoolExecutor(
                0, CLIENTS_MAX, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), threads.named("admin-client"));
    }

    /**
     * Listens. What a node that was killed left behind is replaced: the state directory's lock says that nobody uses it.
     *
     * @param desk answers a request; on a client's thread, may wait, is interrupted when this is closed
     * @param timers for deadlines only
     * @throws StorageException if the socket cannot be made, or the kernel does not say who connects
     */
    public static AdminServer open(
            Path socket,
            Function<AdminRequest, AdminAnswer> desk,
            NamedThreads threads,
            ScheduledExecutorService timers,
            RefusalCounts refusals) {
        try {
            removeLeftover(socket);
            ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            boolean isUp = false;
            try {
                server.bind(UnixDomainSocketAddress.of(socket));
                Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
                AdminServer made = new AdminServer(socket, server, desk, threads, timers, refusals);
                made.acceptor.start();
                isUp = true;
                return made;
            } finally {
                if (!isUp) {
                    server.close();
                    Files.deleteIfExists(socket);
                }
            }
        } catch (IOException | UnsupportedOperationException e) {
            throw new StorageException(
                    socket,
                    "cannot be made a socket for commands (" + e
                            + "); mend the directory, or leave administration() out",
                    e);
        }
    }

    private static void removeLeftover(Path socket) throws IOException {
        if (Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
            BasicFileAttributes found =
                    Files.readAttributes(socket, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!found.isOther()) {
                throw new IOException("a file of this name is there already and is no socket");
            }
            Files.delete(socket);
        }
    }

    // ---- accepting -----------------------------------------------------------------------------------------------

    private void accept() {
        while (!isClosing) {
            try {
                admit(server.accept());
            } catch (IOException | OutOfMemoryError e) {
                // Perhaps there was no descriptor, or no thread could be made: that passes.
                if (!isClosing) {
                    log.warn("accept", "no command can be taken at the moment: " + e);
                    LockSupport.parkNanos(AFTER_ERROR_NANOS);
                }
            }
        }
    }

    private void admit(SocketChannel client) {
        boolean isTaken = false;
        try {
            UserPrincipal user = user(client);
            if (!user.equals(self) && !user.equals(root)) {
                refusals.count(Refusals.Reason.STRANGER);
                log.warn(
                        "user " + user,
                        "user " + user + " may not give commands here; only " + self
                                + (self.equals(root) ? "" : " and root") + " may");
                return;
            }
            open.add(client);
            clients.execute(() -> serve(client));
            isTaken = true;
        } catch (RejectedExecutionException e) {
            refusals.count(Refusals.Reason.TOO_MANY);
            log.warn("many", "more than " + CLIENTS_MAX + " give commands at once; one is turned away");
        } catch (IOException | UnsupportedOperationException e) {
            refusals.count(Refusals.Reason.STRANGER);
            log.warn("who", "the kernel does not say who gives a command, so it is not taken: " + e);
        } finally {
            if (!isTaken) {
                close(client);
            }
        }
    }

    private static UserPrincipal user(SocketChannel client) throws IOException {
        UnixDomainPrincipal peer = client.getOption(ExtendedSocketOptions.SO_PEERCRED);
        return peer.user();
    }

    // ---- one client ----------------------------------------------------------------------------------------------

    private void serve(SocketChannel client) {
        try {
            AdminAnswer answer =
                    answer(within(READ_SECONDS, client, () -> AdminFrames.read(client, AdminFrames.REQUEST_MAX)));
            within(WRITE_SECONDS, client, () -> {
                AdminFrames.write(client, bounded(answer));
                return answer;
            });
        } catch (IOException e) {
            refusals.count(Refusals.Reason.MALFORMED);
            LOG.debug("{}: a command came to nothing: {}", socket, e.toString());
        } finally {
            close(client);
        }
    }

    private AdminAnswer answer(byte[] payload) {
        AdminRequest request;
        try {
            request = AdminCodec.decodeRequest(payload);
        } catch (MalformedMessageException e) {
            refusals.count(Refusals.Reason.MALFORMED);
            return AdminAnswer.of(Outcome.NOT_UNDERSTOOD, "the request cannot be read: " + e.getMessage());
        }
        try {
            return desk.apply(request);
        } catch (RuntimeException e) {
            LOG.warn("{}: the command {} failed", socket, request.verb(), e);
            return AdminAnswer.of(Outcome.UNKNOWN, "the command failed inside the node: " + e);
        }
    }

    private static byte[] bounded(AdminAnswer answer) {
        byte[] bytes = AdminCodec.encode(answer);
        return bytes.length <= AdminFrames.ANSWER_MAX
                ? bytes
                : AdminCodec.encode(AdminAnswer.of(
                        Outcome.REFUSED, "the answer has " + bytes.length + " bytes, which is too long; ask for less"));
    }

    private interface Step<T> {
        T run() throws IOException;
    }

    /** Whoever is slower finds the connection closed. */
    private <T> T within(int seconds, SocketChannel client, Step<T> step) throws IOException {
        Future<?> deadline;
        try {
            deadline = timers.schedule(() -> close(client), seconds, TimeUnit.SECONDS);
        } catch (RejectedExecutionException e) {
            throw new IOException("the node is closed", e);
        }
        try {
            return step.run();
        } finally {
            deadline.cancel(false);
        }
    }

    private void close(SocketChannel client) {
        open.remove(client);
        try {
            client.close();
        } catch (IOException e) {
            LOG.debug("{}: a connection did not close cleanly", socket, e);
        }
    }

    /** Takes nobody any more, gives those who are waiting a moment for their answer, and ends every thread; bounded. */
    @Override
    public void close() throws IOException {
        isClosing = true;
        server.close();
        clients.shutdown();
        boolean wasInterrupted = Thread.interrupted();
        try {
            acceptor.join(END_MILLIS);
            if (!clients.awaitTermination(FINISH_MILLIS, TimeUnit.MILLISECONDS)) {
                clients.shutdownNow();
                clients.awaitTermination(END_MILLIS, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            wasInterrupted = true;
            clients.shutdownNow();
        }
        open.forEach(this::close);
        Files.deleteIfExists(socket);
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
