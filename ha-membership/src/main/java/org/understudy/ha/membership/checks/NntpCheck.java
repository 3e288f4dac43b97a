package org.understudy.ha.membership.checks;

import java.io.IOException;
import java.time.Duration;
import org.apache.commons.net.nntp.NNTPClient;
import org.apache.commons.net.nntp.NNTPReply;
import org.jspecify.annotations.Nullable;

/**
 * Whether a news server (NNTP, RFC 3977) greets, and has a group.
 *
 * <pre>
 * NntpCheck.to("192.0.2.1", 119).group("local.test").build()
 * </pre>
 *
 * @since 0.1.0
 */
public final class NntpCheck implements HealthCheck {
    private final Server server;
    private final @Nullable String group;

    private NntpCheck(Server server, @Nullable String group) {
        this.server = server;
        this.group = group;
    }

    /**
     * @throws org.understudy.ha.api.ConfigurationException if the host is not known, or the port is none
     */
    public static Builder to(String host, int port) {
        return new Builder(host, port);
    }

    /** Builds an {@link NntpCheck}. */
    public static final class Builder extends TalkBuilder<Builder> {
        private @Nullable String group;

        private Builder(String host, int port) {
            super("nntp", host, port);
        }

        @Override
        Builder self() {
            return this;
        }

        /** Selects a group, which must be there. Once. */
        public Builder group(String name) {
            Given.once("group", group, name);
            group = Given.text("group", name);
            return this;
        }

        @Override
        public NntpCheck build() {
            return new NntpCheck(server(), group);
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        return Talk.hold(server.name(), timeout, server.bytesMax(), this::talk);
    }

    private CheckResult talk(Talk talk) throws IOException {
        NNTPClient client = new NNTPClient();
        client.setSocketFactory(talk.sockets());
        client.connect(server.address(), server.port());
        StringBuilder said = new StringBuilder(client.getReplyString());
        if (!NNTPReply.isPositiveCompletion(client.getReplyCode())) {
            return CheckResult.no("refuses" + Expected.quoted(said));
        }
        if (group != null) {
            if (!NNTPReply.isPositiveCompletion(client.group(group))) {
                return CheckResult.no("does not have " + group + Expected.quoted(client.getReplyString()));
            }
            said.append(client.getReplyString());
        }
        CheckResult result = talk.compare(server.expected(), said);
        talk.part(client::quit);
        return result;
    }

    @Override
    public String toString() {
        return server.name();
    }
}
