package org.understudy.ha.membership.jgroups;

import java.io.IOException;
import java.net.Socket;
import java.util.Collection;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.security.NodeKeys;

/**
 * What lies between a TCP connection and our frames: TLS, or nothing.
 *
 * <p>TLS is laid over a plain socket that stays in our hands, because closing that one ends a blocked write at once, whereas
 * closing an {@link SSLSocket} first tries to write a farewell into the same full window. Our own farewell frame says
 * whether an end was meant.
 */
interface SocketLayer {

    /** Wraps the side that dialled, and shakes hands. The caller bounds the time by closing the plain socket. */
    Socket dialled(Socket plain) throws IOException;

    /** Wraps the side that accepted, and shakes hands. */
    Socket accepted(Socket plain) throws IOException;

    /** Whether the other end has proved to be that node. */
    boolean isProved(Socket wrapped, NodeId node);

    static SocketLayer of(LinkSecurity security, Collection<NodeId> members) {
        if (security instanceof LinkSecurity.MutualTls) {
            return new Tls(((LinkSecurity.MutualTls) security).keys().sslContext(members));
        }
        return new Open();
    }

    /** Mutual TLS 1.3. */
    final class Tls implements SocketLayer {
        private final SSLContext context;

        Tls(SSLContext context) {
            this.context = context;
        }

        @Override
        public Socket dialled(Socket plain) throws IOException {
            String host = plain.getInetAddress().getHostAddress();
            SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, host, plain.getPort(), true);
            socket.setUseClientMode(true);
            return shakeHands(socket);
        }

        @Override
        public Socket accepted(Socket plain) throws IOException {
            SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, null, true);
            socket.setUseClientMode(false);
            return shakeHands(socket);
        }

        private static Socket shakeHands(SSLSocket socket) throws IOException {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setProtocols(NodeKeys.PROTOCOLS.toArray(new String[0]));
            if (!socket.getUseClientMode()) {
                parameters.setNeedClientAuth(true);
            }
            socket.setSSLParameters(parameters);
            try {
                socket.startHandshake();
            } catch (SSLException e) {
                throw explained(e);
            }
            return socket;
        }

        /** JSSE's words for a peer without TLS name no remedy. */
        private static SSLException explained(SSLException e) {
            boolean isPlain =
                    e.getCause() == null && String.valueOf(e.getMessage()).contains("SSL message");
            return isPlain ? new SSLException("it does not speak TLS (a node that runs insecure, or no node)") : e;
        }

        @Override
        public boolean isProved(Socket wrapped, NodeId node) {
            Optional<NodeId> peer = NodeKeys.peer(((SSLSocket) wrapped).getSession());
            return peer.isPresent() && peer.get().equals(node);
        }
    }

    /** No protection: everybody is believed. */
    final class Open implements SocketLayer {
        @Override
        public Socket dialled(Socket plain) {
            return plain;
        }

        @Override
        public Socket accepted(Socket plain) {
            return plain;
        }

        @Override
        public boolean isProved(Socket wrapped, NodeId node) {
            return true;
        }
    }
}
