package org.understudy.ha.membership.security;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.NodeId;

/**
 * Cluster and node as a certificate names them. Both stand in one subject alternative name of type URI,
 * {@code urn:understudy:<cluster>:<node>}; the node stands once more as a DNS name, for eyes and tools. The certificate of
 * the authority itself carries {@code urn:understudy:<cluster>}. The subject is decoration: names in it need escaping rules
 * that a comparison of whole strings does not.
 */
record CertificateName(String cluster, NodeId node) {
    private static final String PREFIX = "urn:understudy:";
    /** GeneralName choice, RFC 5280 section 4.2.1.6. */
    private static final int DNS_NAME = 2;

    private static final int URI = 6;
    private static final String CLUSTER_FORM = "[a-z][a-z0-9-]{0,31}";

    static String requireCluster(String cluster) {
        if (!cluster.matches(CLUSTER_FORM)) {
            throw new ConfigurationException(
                    "cluster",
                    cluster,
                    "is not a cluster name: use 1 to 32 lower-case letters, digits and hyphens, starting with a letter");
        }
        return cluster;
    }

    /** The {@code -ext} argument of keytool for the authority. */
    static String authorityExtension(String cluster) {
        return "san=uri:" + PREFIX + cluster;
    }

    /** The {@code -ext} argument of keytool for a node. */
    String extension() {
        return "san=dns:" + node + ",uri:" + PREFIX + cluster + ':' + node;
    }

    /** What the certificate says, or nothing if it is not a node certificate of this library. */
    static Optional<CertificateName> of(X509Certificate certificate) {
        List<String> uris = names(certificate, URI);
        List<String> hosts = names(certificate, DNS_NAME);
        if (uris.size() != 1 || hosts.size() != 1 || !uris.get(0).startsWith(PREFIX)) {
            return Optional.empty();
        }
        String[] parts = uris.get(0).substring(PREFIX.length()).split(":", -1);
        if (parts.length != 2 || !parts[0].matches(CLUSTER_FORM) || !parts[1].equals(hosts.get(0))) {
            return Optional.empty();
        }
        try {
            return Optional.of(new CertificateName(parts[0], NodeId.of(parts[1])));
        } catch (ConfigurationException notANodeName) {
            return Optional.empty();
        }
    }

    /** The cluster an authority signs for, or nothing if it is not an authority of this library. */
    static Optional<String> authorityOf(X509Certificate certificate) {
        List<String> uris = names(certificate, URI);
        if (uris.size() != 1 || !uris.get(0).startsWith(PREFIX)) {
            return Optional.empty();
        }
        String cluster = uris.get(0).substring(PREFIX.length());
        return cluster.matches(CLUSTER_FORM) ? Optional.of(cluster) : Optional.empty();
    }

    private static List<String> names(X509Certificate certificate, int type) {
        List<String> found = new ArrayList<>();
        try {
            Collection<List<?>> all = certificate.getSubjectAlternativeNames();
            if (all != null) {
                for (List<?> name : all) {
                    if (name.get(0).equals(type) && name.get(1) instanceof String) {
                        found.add((String) name.get(1));
                    }
                }
            }
        } catch (CertificateParsingException unreadable) {
            return List.of();
        }
        return found;
    }
}
