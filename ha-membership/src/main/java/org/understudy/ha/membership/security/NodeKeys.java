package org.understudy.ha.membership.security;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;

/**
 * One node's private key, its certificate, and the certificate of its cluster's authority, checked and ready to use.
 *
 * <p>Immutable and thread-safe. {@link #toString()} shows names and dates only.
 */
public final class NodeKeys {
    /** TLS versions either side of a connection accepts; older ones negotiate in the clear. */
    public static final List<String> PROTOCOLS = List.of("TLSv1.3");

    private static final Logger LOG = LoggerFactory.getLogger(NodeKeys.class);
    private static final Duration EXPIRY_WARNING = Duration.ofDays(30);
    private static final String KEY_DERIVATION = "HmacSHA256";
    private static final int SECRET_BYTES_MIN = 16;
    private static final String REMEDY =
            "make new ones with CertificatesCommand (ClusterCertificates.addNode) and copy this node's directory here";

    private final CertificateName name;
    private final X509Certificate certificate;
    private final KeyStore keys;
    private final KeyStore trust;
    private final char[] password;
    private final Optional<byte[]> secret;

    private NodeKeys(
            CertificateName name,
            X509Certificate certificate,
            KeyStore keys,
            KeyStore trust,
            char[] password,
            Optional<byte[]> secret) {
        this.name = name;
        this.certificate = certificate;
        this.keys = keys;
        this.trust = trust;
        this.password = password;
        this.secret = secret;
    }

    /**
     * Loads what {@link ClusterCertificates} made for one node. Refuses a directory and files that others on this host can
     * write, because they could put their own authority in. Warns in the log if others can read the files, and 30 days
     * before the certificate expires.
     *
     * @param nodeDirectory holds {@code keys.p12}, {@code trust.p12} and {@code password}, and {@code secret} unless it was made before there
     *     was one
     * @throws ConfigurationException if a file is missing, unreadable, damaged or open for writing to others, if the certificate is not valid today, was
     *     not signed by the authority beside it or names no node
     */
    public static NodeKeys load(Path nodeDirectory) {
        Path directory = nodeDirectory.toAbsolutePath().normalize();
        if (!Files.isDirectory(directory)) {
            throw unusable(directory, "is not a directory: name the one that holds keys.p12, trust.p12 and password");
        }
        refuseWriters(directory);
        char[] password = password(directory);
        KeyStore keys = store(directory.resolve(ClusterCertificates.KEYS), password);
        KeyStore trust = store(directory.resolve(ClusterCertificates.TRUST), password);
        X509Certificate certificate = nodeCertificate(directory, keys);
        CertificateName name = CertificateName.of(certificate)
                .orElseThrow(() -> unusable(directory, "holds a certificate that names no node: " + REMEDY));
        NodeKeys loaded = new NodeKeys(name, certificate, keys, trust, password, secret(directory));
        loaded.check(directory);
        warnOfReaders(directory);
        return loaded;
    }

    /**
     * A key that every node of the cluster derives alike and nobody else can: HMAC-SHA-256 (RFC 2104) of the purpose under the cluster's
     * secret.
     *
     * @return empty if the directory holds no secret
     */
    public Optional<byte[]> clusterKey(String purpose) {
        return secret.map(key -> {
            try {
                Mac mac = Mac.getInstance(KEY_DERIVATION);
                mac.init(new SecretKeySpec(key, KEY_DERIVATION));
                return mac.doFinal(purpose.getBytes(StandardCharsets.UTF_8));
            } catch (GeneralSecurityException e) {
                throw new LifecycleException("this JVM has no " + KEY_DERIVATION + ": " + e.getMessage(), e);
            }
        });
    }

    /** The node the certificate names. */
    public NodeId node() {
        return name.node();
    }

    /** The cluster the certificate names. */
    public String cluster() {
        return name.cluster();
    }

    /** When the certificate expires. Connections that stand then go on; new ones are refused. */
    public Instant notAfter() {
        return certificate.getNotAfter().toInstant();
    }

    /**
     * A context for both ends of a connection. It presents this node's certificate and trusts only certificates of this
     * cluster's authority that name one of the members. The sockets must still be told {@link #PROTOCOLS} and, on the
     * accepting side, to demand a certificate.
     */
    public SSLContext sslContext(Collection<NodeId> members) {
        Set<NodeId> trusted = Collections.unmodifiableSet(new TreeSet<>(members));
        try {
            KeyManagerFactory own = KeyManagerFactory.getInstance("PKIX");
            own.init(keys, password);
            SSLContext context = SSLContext.getInstance("TLS");
            TrustManager[] rule = {new ClusterTrust(authority(), name.cluster(), trusted)};
            context.init(own.getKeyManagers(), rule, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new LifecycleException(
                    "this JVM cannot set up TLS 1.3 with the keys of node " + name.node() + ": " + e.getMessage(), e);
        }
    }

    /**
     * The node at the other end of an established connection, by its certificate. Checks the dates once more, because a
     * resumed session does not ask the trust manager again.
     *
     * @return empty if there is no certificate, it names no node, or it is not valid now
     */
    public static Optional<NodeId> peer(SSLSession session) {
        try {
            X509Certificate certificate = (X509Certificate) session.getPeerCertificates()[0];
            certificate.checkValidity();
            return CertificateName.of(certificate).map(CertificateName::node);
        } catch (SSLPeerUnverifiedException | CertificateException notIdentified) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return "NodeKeys[node=" + name.node() + ", cluster=" + name.cluster() + ", notAfter=" + notAfter()
                + ", keys=***]";
    }

    private X509TrustManager authority() throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(trust);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager) {
                return (X509TrustManager) manager;
            }
        }
        throw new GeneralSecurityException("no X.509 trust manager");
    }

    private void check(Path directory) {
        try {
            new ClusterTrust(authority(), name.cluster(), Set.of(name.node()))
                    .checkClientTrusted(
                            new X509Certificate[] {certificate},
                            certificate.getPublicKey().getAlgorithm());
        } catch (GeneralSecurityException e) {
            throw unusable(directory, e.getMessage() + ": " + REMEDY);
        }
        Duration left = Duration.between(Instant.now(), notAfter());
        if (left.compareTo(EXPIRY_WARNING) < 0) {
            LOG.warn(
                    "The certificate of node {} in {} expires on {}, in {} days: {}",
                    name.node(),
                    directory,
                    notAfter(),
                    left.toDays(),
                    REMEDY);
        }
    }

    private static X509Certificate nodeCertificate(Path directory, KeyStore keys) {
        List<X509Certificate> found = new ArrayList<>();
        try {
            for (String alias : Collections.list(keys.aliases())) {
                if (keys.isKeyEntry(alias) && keys.getCertificate(alias) instanceof X509Certificate) {
                    found.add((X509Certificate) keys.getCertificate(alias));
                }
            }
        } catch (GeneralSecurityException e) {
            throw unusable(directory, "holds a key store that cannot be read (" + e.getMessage() + "): " + REMEDY);
        }
        if (found.size() != 1) {
            throw unusable(
                    directory, "has " + found.size() + " private keys in keys.p12, exactly one is expected: " + REMEDY);
        }
        return found.get(0);
    }

    private static char[] password(Path directory) {
        try {
            return ClusterCertificates.readPassword(directory).toCharArray();
        } catch (NoSuchFileException e) {
            throw unusable(directory, "has no file password: " + REMEDY);
        } catch (IOException e) {
            throw unusable(
                    directory,
                    "has a password file that cannot be read (" + e.getMessage()
                            + "): let the user of this process own it, mode 0600");
        }
    }

    private static Optional<byte[]> secret(Path directory) {
        Path file = directory.resolve(ClusterCertificates.SECRET);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            byte[] secret = Base64.getUrlDecoder()
                    .decode(Files.readString(file, StandardCharsets.US_ASCII).strip());
            if (secret.length < SECRET_BYTES_MIN) {
                throw new IllegalArgumentException("it has " + secret.length + " bytes");
            }
            return Optional.of(secret);
        } catch (IOException | IllegalArgumentException e) {
            throw unusable(
                    file,
                    "is not the secret of a cluster (" + e.getMessage()
                            + "): copy it again from the other nodes' directories, or " + REMEDY);
        }
    }

    private static KeyStore store(Path file, char[] password) {
        try (InputStream in = Files.newInputStream(file)) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(in, password);
            return store;
        } catch (NoSuchFileException e) {
            throw unusable(file, "does not exist: " + REMEDY);
        } catch (IOException | GeneralSecurityException e) {
            throw unusable(
                    file,
                    "cannot be opened with the password beside it (" + e.getMessage()
                            + "): copy the node's whole directory again, or " + REMEDY);
        }
    }

    private static void refuseWriters(Path directory) {
        List<Problem> problems = new ArrayList<>();
        for (Path path : List.of(
                directory,
                directory.resolve(ClusterCertificates.KEYS),
                directory.resolve(ClusterCertificates.TRUST),
                directory.resolve(ClusterCertificates.PASSWORD),
                directory.resolve(ClusterCertificates.SECRET))) {
            Set<PosixFilePermission> permissions = permissions(path);
            if (permissions.contains(PosixFilePermission.GROUP_WRITE)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
                problems.add(new Problem(
                        "keys",
                        path.toString(),
                        "can be written by other users of this host, who could replace keys or trust: chmod go-w "
                                + path));
            }
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }

    private static void warnOfReaders(Path directory) {
        for (String file :
                List.of(ClusterCertificates.KEYS, ClusterCertificates.PASSWORD, ClusterCertificates.SECRET)) {
            Path path = directory.resolve(file);
            Set<PosixFilePermission> permissions = permissions(path);
            if (permissions.contains(PosixFilePermission.GROUP_READ)
                    || permissions.contains(PosixFilePermission.OTHERS_READ)) {
                LOG.warn("{} can be read by other users of this host: chmod 0600 {}", path, path);
            }
        }
    }

    /** Who may do what; nobody anything if the file is missing, which is named elsewhere, or the file system has no such thing. */
    private static Set<PosixFilePermission> permissions(Path path) {
        try {
            return Files.getPosixFilePermissions(path);
        } catch (IOException | UnsupportedOperationException e) {
            LOG.debug("Cannot see who may read or write {}: {}", path, e.toString());
            return Set.of();
        }
    }

    private static ConfigurationException unusable(Path path, String remedy) {
        return new ConfigurationException("keys", path, remedy);
    }
}
