package org.understudy.ha.membership.security;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.NodeId;

/**
 * Trusts a certificate only if the cluster's own authority signed it, it is valid today, and it names this cluster and one
 * of the configured nodes. The same rule holds for both ends of a connection. Says in one sentence what is wrong.
 *
 * <p>Thread-safe.
 */
final class ClusterTrust extends X509ExtendedTrustManager {
    private final X509TrustManager authority;
    private final String cluster;
    private final Set<NodeId> members;

    /**
     * @param authority accepts chains that end at the cluster's authority
     */
    ClusterTrust(X509TrustManager authority, String cluster, Set<NodeId> members) {
        this.authority = authority;
        this.cluster = cluster;
        this.members = members;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        try {
            authority.checkClientTrusted(chain, authType);
        } catch (CertificateException e) {
            throw inPlainWords(chain, e);
        }
        checkName(chain[0]);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        try {
            authority.checkServerTrusted(chain, authType);
        } catch (CertificateException e) {
            throw inPlainWords(chain, e);
        }
        checkName(chain[0]);
    }

    private void checkName(X509Certificate certificate) throws CertificateException {
        CertificateName name = CertificateName.of(certificate)
                .orElseThrow(() -> new CertificateException("certificate of " + subject(certificate)
                        + " names no node: it was not made for a node of an Understudy cluster"));
        if (!name.cluster().equals(cluster)) {
            throw new CertificateException("certificate of node " + name.node() + " is for cluster " + name.cluster()
                    + ", this is cluster " + cluster);
        }
        if (!members.contains(name.node())) {
            throw new CertificateException("certificate of node " + name.node()
                    + " is genuine, but the configuration of this node does not list " + name.node());
        }
    }

    private CertificateException inPlainWords(X509Certificate[] chain, CertificateException found) {
        String subject = subject(chain[0]);
        for (@Nullable Throwable cause = found; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateExpiredException) {
                return new CertificateException(
                        "certificate of " + subject + " expired on "
                                + chain[0].getNotAfter().toInstant(),
                        found);
            }
            if (cause instanceof CertificateNotYetValidException) {
                return new CertificateException(
                        "certificate of " + subject + " is not valid before "
                                + chain[0].getNotBefore().toInstant() + ", or a clock is wrong",
                        found);
            }
        }
        return new CertificateException(
                "certificate of " + subject + " was not signed by the authority of cluster " + cluster, found);
    }

    private static String subject(X509Certificate certificate) {
        String name = certificate.getSubjectX500Principal().getName();
        // The peer chose these characters, and they go to the log.
        String printable = name.replaceAll("[^\\x20-\\x7e]", "?");
        return '"' + printable.substring(0, Math.min(printable.length(), 120)) + '"';
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        checkClientTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        checkServerTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        checkClientTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        checkServerTrusted(chain, authType);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return authority.getAcceptedIssuers();
    }
}
