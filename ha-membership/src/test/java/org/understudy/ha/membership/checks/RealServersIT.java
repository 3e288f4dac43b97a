package org.understudy.ha.membership.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.membership.FreePorts;
import org.understudy.ha.membership.checks.CheckResult.Answer;

/** Checks against servers as they are: working, wrongly expected, paused by SIGSTOP, resumed, and ended. */
@Timeout(120)
@Tag("servers")
class RealServersIT {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(1500);

    @TempDir
    Path scratch;

    private Path directory;

    @BeforeEach
    void prepare() throws IOException {
        RealServer.needRoot();
        directory = RealServer.directory(scratch);
    }

    @AfterEach
    void no_thread_is_left() throws InterruptedException {
        Threads.awaitNoneOfChecks();
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    /** Soon after its start it works. */
    private static void up(RealServer server, HealthCheck check) throws InterruptedException {
        AtomicReference<CheckResult> last = new AtomicReference<>(CheckResult.unknown("not asked"));
        try {
            Threads.await(() -> asked(check, last).isYes(), "");
        } catch (AssertionError e) {
            throw new AssertionError(last.get() + "\n" + server.log(), e);
        }
    }

    private static CheckResult asked(HealthCheck check, AtomicReference<CheckResult> last) {
        try {
            last.set(check.check(LONG));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return last.get();
    }

    private static void says(HealthCheck check, Answer answer, String... reason) throws InterruptedException {
        CheckResult found = check.check(LONG);
        assertThat(found.answer()).as(found.reason()).isEqualTo(answer);
        for (String part : reason) {
            assertThat(found.reason()).contains(part);
        }
    }

    /** Paused, resumed and ended. */
    private static void comesAndGoes(RealServer server, HealthCheck... checks) throws Exception {
        server.pause();
        for (HealthCheck check : checks) {
            CheckResult paused = check.check(SHORT);
            assertThat(paused.isLate()).as(paused.reason()).isTrue();
        }
        server.resume();
        for (HealthCheck check : checks) {
            up(server, check);
        }
        server.close();
        for (HealthCheck check : checks) {
            says(check, Answer.NO);
        }
    }

    @Test
    void vsftpd() throws Exception {
        String program = RealServer.need("vsftpd", "/usr/sbin/vsftpd");
        Files.createDirectories(directory.resolve("files"));
        Files.createDirectories(directory.resolve("empty"));
        write("files/alive.txt", "alive\n");
        int port = FreePorts.choose(1).get(0);
        Path settings = write(
                "vsftpd.conf",
                String.join(
                        "\n",
                        "listen=YES",
                        "listen_address=127.0.0.1",
                        "listen_port=" + port,
                        "background=NO",
                        "anonymous_enable=YES",
                        "local_enable=NO",
                        "anon_root=" + directory.resolve("files"),
                        "secure_chroot_dir=" + directory.resolve("empty"),
                        "ftp_username=daemon",
                        "nopriv_user=nobody",
                        "seccomp_sandbox=NO",
                        "xferlog_enable=NO",
                        ""));
        try (RealServer server = RealServer.start(directory, program, settings.toString())) {
            HealthCheck greeting =
                    FtpCheck.to("127.0.0.1", port).expect("vsFTPd").build();
            HealthCheck file = FtpCheck.to("127.0.0.1", port)
                    .anonymous()
                    .file("alive.txt")
                    .expect("^alive\n$")
                    .build();
            up(server, greeting);
            says(file, Answer.YES);
            says(
                    FtpCheck.to("127.0.0.1", port).anonymous().file("missing").build(),
                    Answer.NO,
                    "does not hand out missing");
            says(FtpCheck.to("127.0.0.1", port).login("ada", "wrong").build(), Answer.NO, "does not let ada in");
            comesAndGoes(server, greeting, file);
        }
    }

    @Test
    void dovecot() throws Exception {
        String program = RealServer.need("dovecot-imapd", "/usr/sbin/dovecot");
        RealServer.need("dovecot-imapd", "/usr/lib/dovecot/imap");
        RealServer.need("dovecot-pop3d", "/usr/lib/dovecot/pop3");
        RealServer.need("dovecot-submissiond", "/usr/lib/dovecot/submission");
        TestTls keys = TestTls.named(directory, "dns:mail.example.org");
        keys.writePem(directory);
        Path mail = Files.createDirectories(directory.resolve("mail"));
        RealServer.run(directory, "chown", "nobody:nogroup", mail.toString());
        List<Integer> ports = FreePorts.choose(5);
        String login =
                "service %s-login {\n  chroot =\n  inet_listener %s {\n    port = %d\n  }\n  inet_listener %ss {\n    port ="
                        + " %d\n    ssl = yes\n  }\n}\n";
        String settings = """
                protocols = imap pop3 submission
                base_dir = DIR/run
                state_dir = DIR/run
                log_path = /dev/stderr
                listen = 127.0.0.1
                ssl = yes
                ssl_cert = <DIR/cert.pem
                ssl_key = <DIR/key.pem
                disable_plaintext_auth = no
                default_internal_user = nobody
                default_internal_group = nogroup
                default_login_user = nobody
                mail_location = maildir:DIR/mail/%u
                hostname = mail.example.org
                submission_relay_host = 127.0.0.1
                submission_relay_port = 1
                passdb {
                  driver = static
                  args = password=secret
                }
                userdb {
                  driver = static
                  args = uid=nobody gid=nogroup home=DIR/mail/%u
                }
                service anvil {
                  chroot =
                }
                service stats {
                  chroot =
                }
                """.replace("DIR", directory.toString());
        Path file = write(
                "dovecot.conf",
                settings
                        + String.format(login, "imap", "imap", ports.get(0), "imap", ports.get(1))
                        + String.format(login, "pop3", "pop3", ports.get(2), "pop3", ports.get(3))
                        + String.format(login, "submission", "submission", ports.get(4), "submission", 0));
        Files.createDirectories(directory.resolve("run"));
        try (RealServer server = RealServer.start(directory, program, "-F", "-c", file.toString())) {
            Tls later = Tls.startTls().trusting(keys.client()).named("mail.example.org");
            HealthCheck imap = ImapCheck.to("127.0.0.1", ports.get(0))
                    .tls(later)
                    .login("ada", "secret")
                    .mailbox("INBOX")
                    .expect("READ-ONLY")
                    .build();
            HealthCheck pop3 = Pop3Check.to("127.0.0.1", ports.get(2))
                    .tls(later)
                    .login("ada", "secret")
                    .build();
            HealthCheck smtp = SmtpCheck.to("127.0.0.1", ports.get(4))
                    .tls(later)
                    .expect("AUTH PLAIN")
                    .build();
            up(server, imap);
            up(server, pop3);
            up(server, smtp);
            says(ImapCheck.to("127.0.0.1", ports.get(0)).build(), Answer.YES);
            says(SmtpCheck.to("127.0.0.1", ports.get(4)).build(), Answer.YES, "Dovecot");
            Tls implicit = Tls.implicit().trusting(keys.client());
            says(
                    ImapCheck.to("127.0.0.1", ports.get(1))
                            .tls(implicit.named("mail.example.org"))
                            .login("ada", "secret")
                            .build(),
                    Answer.YES);
            says(
                    Pop3Check.to("127.0.0.1", ports.get(3))
                            .tls(implicit.named("mail.example.org"))
                            .build(),
                    Answer.YES);
            says(ImapCheck.to("127.0.0.1", ports.get(1)).tls(implicit).build(), Answer.NO, "TLS");
            says(
                    ImapCheck.to("127.0.0.1", ports.get(1))
                            .tls(Tls.implicit().named("mail.example.org"))
                            .build(),
                    Answer.NO,
                    "TLS");
            says(
                    ImapCheck.to("127.0.0.1", ports.get(0))
                            .tls(later)
                            .login("ada", "wrong")
                            .build(),
                    Answer.NO,
                    "does not let ada in");
            comesAndGoes(server, imap, pop3, smtp);
        }
    }

    @Test
    void nginx() throws Exception {
        String program = RealServer.need("nginx-light", "/usr/sbin/nginx");
        TestTls keys = TestTls.named(directory, "dns:shop.example.org");
        keys.writePem(directory);
        Files.createDirectories(directory.resolve("www"));
        write("www/health", "status: UP\n");
        List<Integer> ports = FreePorts.choose(2);
        String settings = """
                daemon off;
                master_process off;
                pid DIR/nginx.pid;
                error_log stderr;
                events {}
                http {
                  access_log off;
                  client_body_temp_path DIR/body;
                  proxy_temp_path DIR/proxy;
                  fastcgi_temp_path DIR/fastcgi;
                  uwsgi_temp_path DIR/uwsgi;
                  scgi_temp_path DIR/scgi;
                  root DIR/www;
                  server {
                    listen 127.0.0.1:PLAIN;
                    location /broken { return 503; }
                    location /moved { return 302 /health; }
                  }
                  server {
                    listen 127.0.0.1:SECURE ssl;
                    server_name shop.example.org;
                    ssl_certificate DIR/cert.pem;
                    ssl_certificate_key DIR/key.pem;
                  }
                }
                """.replace("DIR", directory.toString())
                .replace("PLAIN", ports.get(0).toString())
                .replace("SECURE", ports.get(1).toString());
        Path file = write("nginx.conf", settings);
        String plain = "http://127.0.0.1:" + ports.get(0);
        try (RealServer server =
                RealServer.start(directory, program, "-p", directory.toString(), "-c", file.toString())) {
            HealthCheck health = HttpCheck.of(plain + "/health").expect("UP").build();
            HealthCheck secure = HttpCheck.of("https://shop.example.org/health")
                    .at("127.0.0.1", ports.get(1))
                    .trusting(keys.client())
                    .expect("^status: UP$|^status: UP\n")
                    .build();
            up(server, health);
            says(secure, Answer.YES, "answers 200");
            says(HttpCheck.of(plain + "/health").method("HEAD").build(), Answer.YES);
            says(HttpCheck.of(plain + "/health").expect("DOWN").build(), Answer.NO, "status: UP");
            says(HttpCheck.of(plain + "/broken").build(), Answer.NO, "answers 503");
            says(HttpCheck.of(plain + "/moved").build(), Answer.NO, "answers 302");
            says(HttpCheck.of(plain + "/moved").status(302).build(), Answer.YES);
            says(
                    HttpCheck.of("https://127.0.0.1:" + ports.get(1) + "/")
                            .trusting(keys.client())
                            .build(),
                    Answer.NO,
                    "TLS");
            says(TcpCheck.to("127.0.0.1", ports.get(0)).build(), Answer.YES);
            comesAndGoes(server, health, secure);
        }
    }

    @Test
    void postgresql() throws Exception {
        Path programs = postgresPrograms();
        String jar = RealServer.need("libpostgresql-jdbc-java", "/usr/share/java/postgresql.jar");
        String become = RealServer.need("util-linux", "/usr/bin/setpriv");
        Path data = Files.createDirectories(directory.resolve("data"));
        RealServer.run(directory, "chown", "postgres", data.toString());
        String[] user = {become, "--reuid=postgres", "--regid=postgres", "--clear-groups"};
        RealServer.run(
                directory,
                with(user, programs.resolve("initdb").toString(), "-D", data.toString(), "-A", "trust", "-N"));
        int port = FreePorts.choose(1).get(0);
        String[] command = with(
                user,
                programs.resolve("postgres").toString(),
                "-D",
                data.toString(),
                "-p",
                Integer.toString(port),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
                "-c",
                "client_connection_check_interval=200",
                "-c",
                "fsync=off");
        try (URLClassLoader driver =
                        new URLClassLoader(new URL[] {Path.of(jar).toUri().toURL()});
                RealServer server = RealServer.start(directory, command)) {
            DataSource source = source(driver, port);
            HealthCheck primary = JdbcCheck.of("orders", source)
                    .query("SELECT pg_is_in_recovery()")
                    .expect("^f$")
                    .build();
            up(server, primary);
            says(JdbcCheck.of("orders", source).build(), Answer.YES, "valid connection");
            says(JdbcCheck.of("orders", source).query("SELECT 1 WHERE false").build(), Answer.NO, "no row");
            says(JdbcCheck.of("orders", source).query("SELECT * FROM missing").build(), Answer.NO, "missing");
            CheckResult slow = JdbcCheck.of("orders", source)
                    .query("SELECT pg_sleep(1000)")
                    .build()
                    .check(SHORT);
            assertThat(slow.isLate()).as(slow.reason()).isTrue();
            comesAndGoes(server, primary);
        }
    }

    private static String[] with(String[] user, String... command) {
        String[] all = Arrays.copyOf(user, user.length + command.length);
        System.arraycopy(command, 0, all, user.length, command.length);
        return all;
    }

    private static Path postgresPrograms() throws IOException {
        Path all = Path.of(RealServer.need("postgresql", "/usr/lib/postgresql"));
        Path found = all;
        try (DirectoryStream<Path> versions = Files.newDirectoryStream(all)) {
            for (Path version : versions) {
                if (Files.isExecutable(version.resolve("bin/postgres"))) {
                    found = version.resolve("bin");
                }
            }
        }
        RealServer.need("postgresql", found.resolve("initdb").toString());
        return found;
    }

    private static DataSource source(ClassLoader driver, int port) throws ReflectiveOperationException {
        Class<?> type = driver.loadClass("org.postgresql.ds.PGSimpleDataSource");
        Object source = type.getConstructor().newInstance();
        type.getMethod("setUrl", String.class)
                .invoke(
                        source,
                        "jdbc:postgresql://127.0.0.1:" + port
                                + "/postgres?user=postgres&connectTimeout=5&socketTimeout=5&sslmode=disable");
        return (DataSource) source;
    }

    @Test
    void slapd() throws Exception {
        String program = RealServer.need("slapd", "/usr/sbin/slapd");
        TestTls keys = TestTls.named(directory, "ip:127.0.0.1");
        keys.writePem(directory);
        Files.createDirectories(directory.resolve("ldap"));
        Path settings = write("slapd.conf", """
                include /etc/ldap/schema/core.schema
                modulepath /usr/lib/ldap
                moduleload back_mdb
                pidfile DIR/slapd.pid
                TLSCertificateFile DIR/cert.pem
                TLSCertificateKeyFile DIR/key.pem
                database mdb
                suffix "dc=example,dc=org"
                rootdn "cn=probe,dc=example,dc=org"
                rootpw secret
                directory DIR/ldap
                maxsize 10485760
                """.replace("DIR", directory.toString()));
        Path entries = write(
                "entries.ldif",
                "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: alive\n");
        RealServer.run(directory, "/usr/sbin/slapadd", "-f", settings.toString(), "-l", entries.toString());
        List<Integer> ports = FreePorts.choose(2);
        String urls = "ldap://127.0.0.1:" + ports.get(0) + " ldaps://127.0.0.1:" + ports.get(1);
        try (RealServer server =
                RealServer.start(directory, program, "-d", "0", "-f", settings.toString(), "-h", urls)) {
            HealthCheck entry = LdapCheck.to("127.0.0.1", ports.get(0))
                    .base("dc=example,dc=org")
                    .expect("o: alive")
                    .build();
            HealthCheck secure = LdapCheck.to("127.0.0.1", ports.get(1))
                    .tls(Tls.implicit().trusting(keys.client()))
                    .login("cn=probe,dc=example,dc=org", "secret")
                    .build();
            up(server, entry);
            says(secure, Answer.YES);
            says(LdapCheck.to("127.0.0.1", ports.get(0)).build(), Answer.YES);
            says(LdapCheck.to("127.0.0.1", ports.get(0)).base("dc=missing").build(), Answer.NO, "no entry dc=missing");
            says(
                    LdapCheck.to("127.0.0.1", ports.get(0))
                            .base("dc=example,dc=org")
                            .filter("(o=dead)")
                            .build(),
                    Answer.NO,
                    "(o=dead)");
            says(
                    LdapCheck.to("127.0.0.1", ports.get(0))
                            .login("cn=probe,dc=example,dc=org", "wrong")
                            .build(),
                    Answer.NO,
                    "does not let cn=probe,dc=example,dc=org in");
            says(LdapCheck.to("127.0.0.1", ports.get(1)).tls(Tls.implicit()).build(), Answer.NO, "TLS");
            comesAndGoes(server, entry, secure);
        }
    }

    @Test
    void dnsmasq() throws Exception {
        String program = RealServer.need("dnsmasq-base", "/usr/sbin/dnsmasq");
        int port = FreePorts.choose(1).get(0);
        try (RealServer server = RealServer.start(
                directory,
                program,
                "-k",
                "-C",
                "/dev/null",
                "-p",
                Integer.toString(port),
                "-a",
                "127.0.0.1",
                "-z",
                "--no-resolv",
                "--no-hosts",
                "--user=root",
                "-x",
                directory.resolve("dnsmasq.pid").toString(),
                "--host-record=www.example.org,192.0.2.1,2001:db8::1",
                "--mx-host=example.org,mail.example.org,10",
                "--txt-record=example.org,it works",
                "--cname=shop.example.org,www.example.org",
                "--local=/example.org/")) {
            HealthCheck udp = DnsCheck.to("127.0.0.1", port)
                    .ask("www.example.org", "A")
                    .expect("^www.example.org A 192\\.0\\.2\\.1$")
                    .build();
            HealthCheck tcp = DnsCheck.to("127.0.0.1", port)
                    .overTcp()
                    .ask("www.example.org", "AAAA")
                    .expect("2001:db8::1")
                    .build();
            up(server, udp);
            says(tcp, Answer.YES);
            says(DnsCheck.to("127.0.0.1", port).ask("example.org", "MX").build(), Answer.YES, "10 mail.example.org");
            says(DnsCheck.to("127.0.0.1", port).ask("example.org", "TXT").build(), Answer.YES, "it works");
            says(DnsCheck.to("127.0.0.1", port).ask("shop.example.org", "A").build(), Answer.YES, "CNAME", "192.0.2.1");
            says(DnsCheck.to("127.0.0.1", port).ask("missing.example.org", "A").build(), Answer.NO, "NXDOMAIN");
            says(
                    DnsCheck.to("127.0.0.1", port)
                            .ask("missing.example.org", "A")
                            .expectCode("NXDOMAIN")
                            .build(),
                    Answer.YES);
            comesAndGoes(server, udp, tcp);
        }
    }

    @Test
    void chrony() throws Exception {
        String program = RealServer.need("chrony", "/usr/sbin/chronyd");
        int port = FreePorts.choose(1).get(0);
        Path settings = write(
                "chrony.conf",
                "local stratum 5\nallow 127.0.0.1\nbindaddress 127.0.0.1\nport " + port + "\ncmdport 0\npidfile "
                        + directory.resolve("chronyd.pid") + "\n");
        // -x: the clock of this host stays as it is.
        try (RealServer server =
                RealServer.start(directory, program, "-x", "-d", "-u", "root", "-f", settings.toString())) {
            HealthCheck check = NtpCheck.to("127.0.0.1", port)
                    .offsetMax(Duration.ofSeconds(1))
                    .build();
            up(server, check);
            says(check, Answer.YES, "stratum 5");
            comesAndGoes(server, check);
        }
    }

    @Test
    void telnetd_echo_and_daytime() throws Exception {
        String telnetd = RealServer.need("inetutils-telnetd", "/usr/sbin/telnetd");
        List<Integer> ports = FreePorts.choose(3);
        // What inetd does itself has its port from this file.
        Path services = write(
                "services",
                "echo " + ports.get(1) + "/tcp\necho " + ports.get(1) + "/udp\n" + "daytime " + ports.get(2)
                        + "/tcp\ndaytime " + ports.get(2) + "/udp\n");
        Path settings = write(
                "inetd.conf",
                "127.0.0.1:" + ports.get(0) + " stream tcp nowait root " + telnetd + " telnetd -h\n"
                        + "127.0.0.1:echo stream tcp nowait root internal\n"
                        + "127.0.0.1:echo dgram udp wait root internal\n"
                        + "127.0.0.1:daytime stream tcp nowait root internal\n"
                        + "127.0.0.1:daytime dgram udp wait root internal\n");
        try (RealServer server = inetd(settings, services, "/etc/services")) {
            HealthCheck prompt =
                    TelnetCheck.to("127.0.0.1", ports.get(0)).expect("login: $").build();
            HealthCheck echo = EchoCheck.to("127.0.0.1", ports.get(1)).build();
            HealthCheck echoUdp =
                    EchoCheck.to("127.0.0.1", ports.get(1)).overUdp().build();
            HealthCheck daytime = DaytimeCheck.to("127.0.0.1", ports.get(2))
                    .expect(" 20\\d\\d")
                    .build();
            HealthCheck daytimeUdp =
                    DaytimeCheck.to("127.0.0.1", ports.get(2)).overUdp().build();
            for (HealthCheck check : List.of(prompt, echo, echoUdp, daytime, daytimeUdp)) {
                up(server, check);
            }
            comesAndGoes(server, prompt, echo, daytime, echoUdp, daytimeUdp);
        }
    }

    @Test
    void leafnode() throws Exception {
        String leafnode = RealServer.need("leafnode", "/usr/sbin/leafnode");
        int port = FreePorts.choose(1).get(0);
        Path settings =
                write("inetd.conf", "127.0.0.1:" + port + " stream tcp nowait root " + leafnode + " leafnode\n");
        Path own = Files.createDirectories(directory.resolve("own"));
        // It serves nobody under a name of an example.
        write("own/config", "server = 127.0.0.1\nhostname = news.understudy.org\n");
        Path spool = Files.createDirectories(directory.resolve("spool"));
        Files.createDirectories(spool.resolve("leaf.node"));
        write("spool/leaf.node/groupinfo", "local.test 1 1 0 A group\n");
        RealServer.run(directory, "chown", "-R", "news:news", spool.toString());
        try (RealServer server = inetd(settings, own, "/etc/news/leafnode", spool, "/var/spool/news")) {
            HealthCheck greeting =
                    NntpCheck.to("127.0.0.1", port).expect("Leafnode").build();
            HealthCheck group =
                    NntpCheck.to("127.0.0.1", port).group("local.test").build();
            up(server, greeting);
            up(server, group);
            says(NntpCheck.to("127.0.0.1", port).group("local.missing").build(), Answer.NO, "does not have");
            says(NntpCheck.to("127.0.0.1", port).expect("INN").build(), Answer.NO);
            comesAndGoes(server, greeting, group);
        }
    }

    /** An inetd of its own, which sees other files than this host: each is followed by the place where it is seen. */
    private RealServer inetd(Path settings, Object... seen) throws IOException, InterruptedException {
        try {
            RealServer.run(directory, "unshare", "-m", "true");
        } catch (IOException e) {
            RealServer.skip("this process may not make a mount namespace");
        }
        String program = RealServer.need("inetutils-inetd", "/usr/sbin/inetutils-inetd");
        StringBuilder script = new StringBuilder();
        for (int i = 0; i < seen.length; i += 2) {
            script.append("mount --bind ")
                    .append(seen[i])
                    .append(' ')
                    .append(seen[i + 1])
                    .append(" && ");
        }
        script.append("exec ")
                .append(program)
                .append(" -d --pidfile=")
                .append(directory.resolve("inetd.pid"))
                .append(' ')
                .append(settings);
        return RealServer.start(directory, "unshare", "-m", "sh", "-c", script.toString());
    }
}
