package org.understudy.ha.membership.security;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.StorageException;

/**
 * Makes a cluster's own certificate authority and a certificate for each node, in one call. Everything is made with the
 * JDK's {@code keytool} (EC P-256, SHA-256); no certificate of anybody else's is trusted.
 *
 * <pre>
 * directory/            0700
 *   ca/                 the authority: keep it away from the nodes
 *     keys.p12          its private key
 *     password          0600
 *   serv1/              copy this to the node serv1, and nothing else
 *     keys.p12          the node's private key and its certificate
 *     trust.p12         the authority's certificate, without a key
 *     password          0600, opens both
 *   ...
 * </pre>
 *
 * <p>The authority is valid for ten years, a node's certificate for five. All or nothing: files appear under their final
 * name only when complete. A process that is killed meanwhile leaves its draft, a hidden directory beside the target with the
 * authority's private key in it; see {@link #leftovers}. Blocks for the run time of keytool, about half a second for each node.
 *
 * @param directory where everything stands
 * @param cluster the cluster the authority signs for
 * @param nodes the directory of each node, in the order given
 */
public record ClusterCertificates(Path directory, String cluster, Map<NodeId, Path> nodes) {
    static final String KEYS = "keys.p12";
    static final String TRUST = "trust.p12";
    static final String PASSWORD = "password";
    static final String SECRET = "secret";
    static final String AUTHORITY = "ca";

    private static final int AUTHORITY_DAYS = 3650;
    private static final int NODE_DAYS = 1825;
    private static final int PASSWORD_BYTES = 24;
    private static final int SECRET_BYTES = 32;
    private static final Set<PosixFilePermission> OWNER_ONLY_DIRECTORY = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> OWNER_ONLY_FILE = PosixFilePermissions.fromString("rw-------");

    public ClusterCertificates {
        nodes = Collections.unmodifiableMap(new LinkedHashMap<>(nodes));
    }

    /** The directory of the authority, which signs further nodes. */
    public Path authority() {
        return directory.resolve(AUTHORITY);
    }

    /**
     * Makes an authority and the keys of all nodes.
     *
     * @param directory must not exist, or be empty; its parent must exist
     * @param cluster 1 to 32 lower-case letters, digits and hyphens, starting with a letter
     * @param nodes at least one, each once; {@code ca} is taken by the authority
     * @throws ConfigurationException if an argument cannot work, the directory is not empty, or there is no keytool
     * @throws StorageException if the files cannot be written
     */
    public static ClusterCertificates create(Path directory, String cluster, List<NodeId> nodes) {
        return create(directory, cluster, nodes, Validity.STANDARD);
    }

    static ClusterCertificates create(Path directory, String cluster, List<NodeId> nodes, Validity validity) {
        CertificateName.requireCluster(cluster);
        requireNodes(nodes);
        Keytool keytool = Keytool.find();
        Path target = directory.toAbsolutePath().normalize();
        refuseUsed(target);
        Path draft = draftBeside(target);
        try {
            Path authority = ownDirectory(draft.resolve(AUTHORITY));
            String password = writePassword(authority);
            keytool.start(draft.resolve("keytool.log"), authorityArguments(authority, cluster, validity))
                    .await();
            restrict(authority.resolve(KEYS));
            writeRandom(authority.resolve(SECRET), SECRET_BYTES);
            Authority signer = Authority.open(authority, password);
            issue(keytool, signer, draft, nodes, validity);
            Files.delete(draft.resolve("keytool.log"));
            moveInto(draft, target);
        } catch (IOException e) {
            throw new StorageException(target, "cannot write the certificates: " + e.getMessage(), e);
        } finally {
            deleteTree(draft);
        }
        return new ClusterCertificates(target, cluster, directories(target, nodes));
    }

    /**
     * Signs one more node with an existing authority.
     *
     * @param directory what {@link #create} made
     * @return the new node's directory
     * @throws ConfigurationException if there is no authority, or the node has keys already
     * @throws StorageException if the files cannot be read or written
     */
    public static Path addNode(Path directory, NodeId node) {
        Path base = directory.toAbsolutePath().normalize();
        return addNode(base, base.resolve(node.value()), node, Validity.STANDARD);
    }

    static Path addNode(Path base, Path target, NodeId node, Validity validity) {
        requireNodes(List.of(node));
        Keytool keytool = Keytool.find();
        Path authority = base.resolve(AUTHORITY);
        if (!Files.isRegularFile(authority.resolve(KEYS))) {
            throw new ConfigurationException(
                    "directory",
                    base,
                    "holds no certificate authority (ca/keys.p12): make one first, or name its directory");
        }
        refuseUsed(target);
        Path draft = draftBeside(target);
        try {
            Authority signer = Authority.open(authority, readPassword(authority));
            if (!Files.exists(authority.resolve(SECRET))) {
                // Of an authority made before there were secrets; the nodes that it signed till now have none.
                writeRandom(authority.resolve(SECRET), SECRET_BYTES);
            }
            issue(keytool, signer, draft, List.of(node), validity);
            moveInto(draft.resolve(node.value()), target);
        } catch (IOException e) {
            throw new StorageException(target, "cannot write the certificate: " + e.getMessage(), e);
        } finally {
            deleteTree(draft);
        }
        return target;
    }

    /**
     * Drafts beside a directory that interrupted runs seem to have left. They hold private keys, the authority's perhaps, and
     * should be removed. Nothing is removed here, because another run may be under way.
     *
     * @param directory what {@link #create} is to make or has made
     * @throws StorageException if the parent directory cannot be listed
     */
    public static List<Path> leftovers(Path directory) {
        Path target = directory.toAbsolutePath().normalize();
        Path parent = target.getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            return List.of();
        }
        String draft = Pattern.quote(draftPrefix(target)) + "[0-9]+";
        try (Stream<Path> entries = Files.list(parent)) {
            return entries.filter(entry -> entry.getFileName().toString().matches(draft) && Files.isDirectory(entry))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new StorageException(parent, "cannot be listed: " + e.getMessage(), e);
        }
    }

    private static String draftPrefix(Path target) {
        return "." + target.getFileName() + '-';
    }

    /** From when and how long a node's certificate is valid. {@code start} as keytool writes it, for example {@code -1d}. */
    record Validity(String start, int authorityDays, int nodeDays) {
        /** Starts a day early: the clocks of the nodes differ. */
        static final Validity STANDARD = new Validity("-1d", AUTHORITY_DAYS, NODE_DAYS);
    }

    private static void requireNodes(List<NodeId> nodes) {
        List<Problem> problems = new ArrayList<>();
        if (nodes.isEmpty()) {
            problems.add(new Problem("nodes", "[]", "is empty: name at least one node"));
        }
        for (int i = 0; i < nodes.size(); i++) {
            NodeId node = nodes.get(i);
            if (nodes.indexOf(node) < i) {
                problems.add(new Problem("nodes", node.value(), "is named twice: name each node once"));
            }
            if (node.value().equals(AUTHORITY)) {
                problems.add(new Problem("nodes", node.value(), "is the directory of the authority: rename the node"));
            }
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }

    private static void refuseUsed(Path target) {
        if (Files.isDirectory(target)) {
            try (Stream<Path> entries = Files.list(target)) {
                if (entries.findAny().isEmpty()) {
                    return;
                }
            } catch (IOException e) {
                throw new StorageException(target, "cannot be listed: " + e.getMessage(), e);
            }
        } else if (!Files.exists(target)) {
            return;
        }
        throw new ConfigurationException(
                "directory",
                target,
                "exists and is not empty: keys are never overwritten, choose another place or remove it");
    }

    private static List<String> authorityArguments(Path authority, String cluster, Validity validity) {
        return List.of(
                "-genkeypair",
                "-alias",
                AUTHORITY,
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-sigalg",
                "SHA256withECDSA",
                "-dname",
                "CN=" + cluster + " CA,O=Understudy",
                "-ext",
                "bc:c=ca:true,pathlen:0",
                "-ext",
                "ku:c=keyCertSign,cRLSign",
                "-ext",
                CertificateName.authorityExtension(cluster),
                "-startdate",
                validity.start(),
                "-validity",
                Integer.toString(validity.authorityDays()),
                "-keystore",
                authority.resolve(KEYS).toString(),
                "-storetype",
                "PKCS12",
                "-storepass:file",
                authority.resolve(PASSWORD).toString());
    }

    private static List<String> nodeArguments(Path store, Path password, CertificateName name, Validity validity) {
        return List.of(
                "-genkeypair",
                "-alias",
                name.node().value(),
                "-signer",
                AUTHORITY,
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-sigalg",
                "SHA256withECDSA",
                "-dname",
                "CN=" + name.node() + ",OU=" + name.cluster() + ",O=Understudy",
                "-ext",
                "ku:c=digitalSignature",
                "-ext",
                "eku=serverAuth,clientAuth",
                "-ext",
                name.extension(),
                "-startdate",
                validity.start(),
                "-validity",
                Integer.toString(validity.nodeDays()),
                "-keystore",
                store.toString(),
                "-storetype",
                "PKCS12",
                "-storepass:file",
                password.toString());
    }

    /**
     * Signs the nodes, all at the same time: keytool spends most of its life starting. Each works on its own copy of the
     * authority's store, because a store has one writer.
     */
    private static void issue(Keytool keytool, Authority signer, Path draft, List<NodeId> nodes, Validity validity)
            throws IOException {
        Path workshop = ownDirectory(draft.resolve(".workshop"));
        Map<NodeId, Path> stores = new LinkedHashMap<>();
        List<Keytool.Running> running = new ArrayList<>();
        try {
            for (NodeId node : nodes) {
                Path store = workshop.resolve(node + ".p12");
                Files.copy(signer.directory().resolve(KEYS), store);
                restrict(store);
                stores.put(node, store);
                CertificateName name = new CertificateName(signer.cluster(), node);
                List<String> arguments = nodeArguments(store, signer.directory().resolve(PASSWORD), name, validity);
                running.add(keytool.start(workshop.resolve(node + ".log"), arguments));
            }
            for (Keytool.Running one : running) {
                one.await();
            }
        } finally {
            running.forEach(Keytool.Running::abandon);
        }
        for (Map.Entry<NodeId, Path> made : stores.entrySet()) {
            writeNode(
                    signer,
                    made.getKey(),
                    made.getValue(),
                    ownDirectory(draft.resolve(made.getKey().value())));
        }
        deleteTree(workshop);
    }

    private static void writeNode(Authority signer, NodeId node, Path store, Path directory) throws IOException {
        char[] password = writePassword(directory).toCharArray();
        char[] signerPassword = signer.password().toCharArray();
        try {
            KeyStore made = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(store)) {
                made.load(in, signerPassword);
            }
            PrivateKey key = (PrivateKey) made.getKey(node.value(), signerPassword);
            Certificate[] chain = {made.getCertificate(node.value()), signer.certificate()};
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(null, null);
            keys.setKeyEntry(node.value(), key, password, chain);
            save(keys, directory.resolve(KEYS), password);
            KeyStore trust = KeyStore.getInstance("PKCS12");
            trust.load(null, null);
            trust.setCertificateEntry(AUTHORITY, signer.certificate());
            save(trust, directory.resolve(TRUST), password);
            try (OutputStream out = ownFile(directory.resolve(SECRET))) {
                out.write(Files.readAllBytes(signer.directory().resolve(SECRET)));
            }
        } catch (GeneralSecurityException e) {
            throw new IOException("key store of " + node + ": " + e.getMessage(), e);
        }
    }

    private static void save(KeyStore store, Path file, char[] password) throws IOException, GeneralSecurityException {
        try (OutputStream out = ownFile(file)) {
            store.store(out, password);
        }
    }

    private static String writePassword(Path directory) throws IOException {
        return writeRandom(directory.resolve(PASSWORD), PASSWORD_BYTES);
    }

    private static String writeRandom(Path file, int bytes) throws IOException {
        byte[] random = new byte[bytes];
        new SecureRandom().nextBytes(random);
        String text = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        try (OutputStream out = ownFile(file)) {
            out.write((text + '\n').getBytes(StandardCharsets.US_ASCII));
        }
        return text;
    }

    static String readPassword(Path directory) throws IOException {
        return Files.readString(directory.resolve(PASSWORD), StandardCharsets.US_ASCII)
                .strip();
    }

    private static OutputStream ownFile(Path file) throws IOException {
        Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNER_ONLY_FILE));
        return Files.newOutputStream(file, StandardOpenOption.WRITE);
    }

    private static void restrict(Path file) throws IOException {
        Files.setPosixFilePermissions(file, OWNER_ONLY_FILE);
    }

    private static Path ownDirectory(Path directory) throws IOException {
        return Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY_DIRECTORY));
    }

    private static Path draftBeside(Path target) {
        Path parent = target.getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new ConfigurationException("directory", target, "has no parent directory: create that first");
        }
        try {
            return Files.createTempDirectory(
                    parent, draftPrefix(target), PosixFilePermissions.asFileAttribute(OWNER_ONLY_DIRECTORY));
        } catch (IOException e) {
            throw new StorageException(parent, "cannot be written: " + e, e);
        }
    }

    private static void moveInto(Path draft, Path target) throws IOException {
        try {
            Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
            throw new ConfigurationException(
                    "directory", target, "was filled by somebody else meanwhile: keys are never overwritten");
        }
    }

    private static void deleteTree(Path root) {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(root)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new StorageException(root, "cannot be removed, please do: " + e.getMessage(), e);
        }
    }

    private static Map<NodeId, Path> directories(Path base, List<NodeId> nodes) {
        Map<NodeId, Path> all = new LinkedHashMap<>();
        nodes.forEach(node -> all.put(node, base.resolve(node.value())));
        return all;
    }

    /** An authority opened for signing. */
    private record Authority(Path directory, String password, String cluster, X509Certificate certificate) {
        static Authority open(Path directory, String password) throws IOException {
            try (InputStream in = Files.newInputStream(directory.resolve(KEYS))) {
                KeyStore store = KeyStore.getInstance("PKCS12");
                store.load(in, password.toCharArray());
                X509Certificate certificate = (X509Certificate) store.getCertificate(AUTHORITY);
                String cluster = certificate == null
                        ? ""
                        : CertificateName.authorityOf(certificate).orElse("");
                if (certificate == null || cluster.isEmpty()) {
                    throw new ConfigurationException(
                            "directory", directory, "holds no certificate authority made by this library");
                }
                return new Authority(directory, password, cluster, certificate);
            } catch (GeneralSecurityException e) {
                throw new IOException(directory.resolve(KEYS) + ": " + e.getMessage(), e);
            }
        }

        @Override
        public String toString() {
            return "Authority[" + cluster + ", password=***]";
        }
    }
}
