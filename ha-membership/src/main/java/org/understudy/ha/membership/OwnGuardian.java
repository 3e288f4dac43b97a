package org.understudy.ha.membership;

import java.net.InetSocketAddress;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.config.NodeConfig;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.membership.guardian.Guardian;
import org.understudy.ha.membership.guardian.GuardianSettings;
import org.understudy.ha.membership.runtime.BootClock;

/**
 * The guardian of a node, or why it has none. Without a guardian a death is waited out instead of proved: slower, not less safe.
 * Thread-safe.
 */
final class OwnGuardian {

    private static final Logger LOG = LoggerFactory.getLogger(UnderstudyNode.class);

    private final Optional<Guardian> process;
    private final Optional<String> obstacle;
    private volatile boolean isWholeClaimed;

    private OwnGuardian(Optional<Guardian> process, Optional<String> obstacle) {
        this.process = process;
        this.obstacle = obstacle;
    }

    /** Starts it where it is wanted and can be. */
    static OwnGuardian start(NodeConfig config) {
        if (!config.guardian()) {
            return new OwnGuardian(Optional.empty(), Optional.of("switched off by withoutGuardian()"));
        }
        List<InetSocketAddress> others = config.peers().stream()
                .filter(p -> !p.node().equals(config.node()))
                .flatMap(p -> p.links().stream())
                .toList();
        try {
            Guardian started = Guardian.start(
                    new GuardianSettings(
                            config.cluster(),
                            config.node(),
                            others,
                            config.self().links().stream()
                                    .map(InetSocketAddress::getAddress)
                                    .toList(),
                            config.stateDirectory().resolve("guardian.lock"),
                            config.threads()),
                    BootClock.hostPort());
            return new OwnGuardian(Optional.of(started), Optional.empty());
        } catch (PlatformException e) {
            LOG.warn("node {} goes on without a guardian: {}", config.node(), e.getMessage());
            return new OwnGuardian(Optional.empty(), Optional.of(e.getMessage()));
        }
    }

    /** To be closed with the node. */
    Optional<Guardian> process() {
        return process;
    }

    /** Run at once if it has ended already. */
    void onLost(Runnable action) {
        process.ifPresent(g -> g.onLost(action));
    }

    /** By which the others know its last will; empty if there will be none. */
    String willKey() {
        return process.map(g -> Base64.getEncoder().encodeToString(g.publicKey()))
                .orElse("");
    }

    Optional<Enforcer> killer() {
        return process.map(Guardian::killer);
    }

    /** Why no guardian would tell of this node's death now; empty if one would. */
    Optional<String> obstacle() {
        return obstacle.or(() -> process.filter(g -> !g.isAlive()).map(g -> "its process has ended"));
    }

    List<String> weaknesses() {
        return process.map(Guardian::weaknesses).orElse(List.of());
    }

    /** Which life of the node it watches from now on. */
    void live(long incarnation, int tag, Executor later) {
        process.ifPresent(g -> g.live(incarnation, tag, later));
    }

    /** What the guardian has heard once it knows for good; each start of a group would wait for its answer again. */
    void claim(String claim) {
        boolean isWhole = claim.equals(HostClaims.WHOLE_PROCESS);
        if (isWhole && isWholeClaimed) {
            return;
        }
        process.ifPresent(g -> g.claim(claim));
        // It has returned: the guardian knows, or is lost for good.
        isWholeClaimed |= isWhole;
    }

    /** For the log. */
    @Override
    public String toString() {
        return process.map(g -> "guardian is process " + g.pid()).orElse("no guardian");
    }
}
