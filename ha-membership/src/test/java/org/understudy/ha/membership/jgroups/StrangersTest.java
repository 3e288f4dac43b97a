package org.understudy.ha.membership.jgroups;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.jgroups.Wire.Greeting;
import org.understudy.ha.membership.refusal.RefusalCounts;
import org.understudy.ha.membership.security.TestCertificates;

/** Who is not a member never becomes one, and leaves one line in the log; the cluster does not notice. */
@Timeout(60)
@Isolated
class StrangersTest {
    private final TestCluster cluster = TestCluster.secure("a", "b", "c");
    private final JGroupsChannel a = cluster.channel("a");
    private final JGroupsChannel b = cluster.channel("b");
    private final Wiretap atA = new Wiretap();
    private final Wiretap atB = new Wiretap();
    private final LogLines lines = new LogLines();

    @BeforeEach
    void a_cluster_of_two() {
        a.start(atA);
        b.start(atB);
        atA.awaitView("a", "b");
        atB.awaitView("a", "b");
    }

    @AfterEach
    void it_is_undisturbed() {
        try {
            assertThat(atA.view()).hasSize(2);
            assertThat(atB.view()).hasSize(2);
            b.send(NodeId.of("a"), "undisturbed".getBytes());
            atA.awaitFrame("b:undisturbed");
            assertThat(lines.stackTraces()).isEmpty();
            assertThat(atA.frames()).noneMatch(frame -> frame.startsWith("c:"));
        } finally {
            lines.close();
            a.close();
            b.close();
        }
    }

    @Test
    void plain_text_on_the_port_is_refused() throws IOException {
        for (int i = 0; i < 3; i++) {
            try (Socket socket = connect()) {
                socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes());
                drain(socket);
            }
        }
        assertRefused(3, "is not a node of cluster demo");
    }

    @Test
    void a_node_that_runs_open_is_refused_by_one_that_does_not() {
        try (JGroupsChannel open =
                new JGroupsChannel(cluster.settings("c", new LinkSecurity.Insecure()), new RefusalCounts())) {
            Wiretap atC = new Wiretap();
            open.start(atC);
            open.send(NodeId.of("a"), "let me in".getBytes());
            atC.awaitView("c");
        }
        assertThat(a.counters().connectionsRefused()).isPositive();
    }

    @Test
    void a_client_without_a_certificate_is_refused() throws Exception {
        assertThatThrownBy(() -> greet(context(null), "TLSv1.3", "c")).isInstanceOf(IOException.class);
        assertRefused(1, "is not a node of cluster demo");
    }

    @Test
    void an_older_tls_is_refused() throws Exception {
        SSLContext genuine = context(TestCertificates.demoDirectory("c"));
        assertThatThrownBy(() -> greet(genuine, "TLSv1.2", "c")).isInstanceOf(IOException.class);
        assertRefused(1, "TLSv1.2");
    }

    @Test
    void a_certificate_of_another_authority_with_the_same_names_is_refused() throws Exception {
        SSLContext impostor = context(TestCertificates.impostorDirectory("b"));
        assertThatThrownBy(() -> greet(impostor, "TLSv1.3", "b")).isInstanceOf(IOException.class);
        assertRefused(1, "was not signed by the authority of cluster demo");
    }

    @Test
    void an_expired_certificate_is_refused() throws Exception {
        SSLContext expired = context(TestCertificates.expiredDirectory());
        assertThatThrownBy(() -> greet(expired, "TLSv1.3", "c")).isInstanceOf(IOException.class);
        assertRefused(1, "expired on 20");
    }

    @Test
    void a_genuine_certificate_of_a_node_that_is_not_configured_is_refused() throws Exception {
        SSLContext stranger = context(TestCertificates.demoDirectory("stranger"));
        assertThatThrownBy(() -> greet(stranger, "TLSv1.3", "c")).isInstanceOf(IOException.class);
        assertRefused(1, "does not list stranger");
    }

    @Test
    void a_member_cannot_speak_under_another_members_name() throws Exception {
        SSLContext genuine = context(TestCertificates.demoDirectory("b"));
        assertThat(greet(genuine, "TLSv1.3", "c")).isEqualTo(Wire.Verdict.NOT_CERTIFIED);
        assertRefused(1, "the certificate does not belong to the node that greets");
    }

    @Test
    void a_node_with_foreign_keys_stays_alone_and_says_why() {
        LinkSecurity foreign = new LinkSecurity.MutualTls(TestCertificates.impostor("b"));
        TestCluster elsewhere = cluster.where("b", TestCluster.secure("b").address("b"));
        try (JGroupsChannel impostor = new JGroupsChannel(elsewhere.settings("b", foreign), new RefusalCounts())) {
            Wiretap atImpostor = new Wiretap();
            impostor.start(atImpostor);

            assertThat(atImpostor.awaitView("b")).containsExactly(NodeId.of("b"));
        }
        assertThat(lines.warnings()).anyMatch(line -> line.contains("was not signed by the authority"));
    }

    @Test
    void connections_that_say_nothing_delay_nobody() throws IOException {
        List<Socket> silent = new ArrayList<>();
        try {
            for (int i = 0; i < 30; i++) {
                silent.add(connect());
            }
            try (JGroupsChannel c = cluster.channel("c")) {
                Wiretap atC = new Wiretap();
                c.start(atC);
                atC.awaitView("a", "b", "c");
                c.send(NodeId.of("a"), "through".getBytes());
                atA.awaitFrame("c:through");
            }
            atA.awaitView("a", "b");
            atB.awaitView("a", "b");
            atA.forget("c:through");
        } finally {
            for (Socket socket : silent) {
                socket.close();
            }
        }
    }

    private void assertRefused(int count, String reason) {
        // It is counted first and told then.
        for (int i = 0;
                i < 500
                        && (a.counters().connectionsRefused() < count
                                || lines.warnings().isEmpty());
                i++) {
            new Wiretap().awaitChange(10);
        }
        assertThat(a.counters().connectionsRefused()).isGreaterThanOrEqualTo(count);
        assertThat(lines.warnings()).singleElement().asString().contains("Refused a connection from", reason);
    }

    private Socket connect() throws IOException {
        return new Socket(
                cluster.address("a").getAddress(), cluster.address("a").getPort());
    }

    /** Greets as that node, sends a frame, and returns the answer. */
    private Wire.Verdict greet(SSLContext context, String protocol, String name) throws IOException {
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory()
                .createSocket(
                        cluster.address("a").getAddress(), cluster.address("a").getPort())) {
            socket.setSoTimeout(5000);
            socket.setEnabledProtocols(new String[] {protocol});
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            Wire.write(out, new Greeting("demo", name, "a", UUID.randomUUID()));
            Wire.write(out, Wire.CONTROL, "forged".getBytes());
            out.flush();
            return Wire.readAnswer(new DataInputStream(socket.getInputStream())).verdict();
        }
    }

    private static void drain(Socket socket) throws IOException {
        socket.setSoTimeout(5000);
        InputStream in = socket.getInputStream();
        while (in.read() >= 0) {
            // a TLS alert, then the end
        }
    }

    /** A context that presents whatever stands in the directory and trusts anybody. */
    private static SSLContext context(Path directory) throws GeneralSecurityException, IOException {
        KeyManager[] own = null;
        if (directory != null) {
            char[] password =
                    Files.readString(directory.resolve("password")).strip().toCharArray();
            KeyStore keys = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(directory.resolve("keys.p12"))) {
                keys.load(in, password);
            }
            KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
            factory.init(keys, password);
            own = factory.getKeyManagers();
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own, new TrustManager[] {new Credulous()}, null);
        return context;
    }

    private static final class Credulous implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
