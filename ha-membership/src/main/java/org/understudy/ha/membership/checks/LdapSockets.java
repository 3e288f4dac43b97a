package org.understudy.ha.membership.checks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Not for applications: what the JDK's LDAP client makes its socket with. It wants the name of a class, so this must be public; whatever asks for it outside of a check
 * gets the JVM's plain sockets.
 */
public final class LdapSockets extends SocketFactory {
    /** The socket of the check that this thread makes at the moment; empty again when it is connected. */
    private static final ThreadLocal<@Nullable Opening> OPENING = new ThreadLocal<>();

    private final @Nullable Opening opening;

    interface Opening {
        Socket open() throws IOException;
    }

    /** Something that connects. */
    interface Step<T, E extends Exception> {
        T take() throws E;
    }

    private LdapSockets(@Nullable Opening opening) {
        this.opening = opening;
    }

    /** Found by {@code java.naming.ldap.factory.socket}. */
    public static SocketFactory getDefault() {
        return new LdapSockets(OPENING.get());
    }

    /** The JDK finds the class by the thread's class loader. */
    static <T, E extends Exception> T with(Opening opening, Step<T, E> step) throws E {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        OPENING.set(opening);
        thread.setContextClassLoader(LdapSockets.class.getClassLoader());
        try {
            return step.take();
        } finally {
            OPENING.remove();
            thread.setContextClassLoader(before);
        }
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        return opening == null ? new Socket(host, port) : opening.open();
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort) throws IOException {
        return opening == null ? new Socket(host, port, local, localPort) : opening.open();
    }

    @Override
    public Socket createSocket(InetAddress address, int port) throws IOException {
        return opening == null ? new Socket(address, port) : opening.open();
    }

    @Override
    public Socket createSocket(InetAddress address, int port, InetAddress local, int localPort) throws IOException {
        return opening == null ? new Socket(address, port, local, localPort) : opening.open();
    }
}
