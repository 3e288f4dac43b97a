package org.understudy.ha.samples.leader;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.Elections.Candidate;
import org.understudy.ha.api.Elections.Participation;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.Lease;
import org.understudy.ha.membership.sink.GuardedFile;

/**
 * Adds up orders in a file that exactly one node of the cluster may write. An order that was taken and could not be written is gone with
 * this queue: a real service acknowledges to its source after the write.
 */
public final class Totals implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Totals.class);

    private final GuardedFile totals;
    private final BlockingQueue<Long> orders;
    private final Participation participation;

    /**
     * @param file on a file system that all candidates share, or of one host if they all run there
     * @param priority the highest leads first
     */
    public Totals(HaNode node, Path file, BlockingQueue<Long> orders, int priority) {
        this.totals = GuardedFile.at(file);
        this.orders = orders;
        this.participation =
                node.elections().join("totals", Candidate.standard().withPriority(priority), this::lead);
    }

    private void lead(Lease lease) throws InterruptedException {
        totals.admit(lease.token()); // from here on every earlier leader is refused
        long total = totals.read().map(Totals::parse).orElse(0L);
        while (lease.awaitValid(Duration.ofSeconds(5))) { // a moment of doubt is waited out
            total += orders.take(); // interrupted when the lead ends
            totals.replace(lease.token(), format(total)); // StaleTokenException if somebody newer leads
        }
    }

    private static long parse(byte[] bytes) {
        return Long.parseLong(new String(bytes, StandardCharsets.US_ASCII).strip());
    }

    private static byte[] format(long total) {
        return (total + "\n").getBytes(StandardCharsets.US_ASCII);
    }

    /** Writes to the log who leads, from now on. */
    public static HaNode.Subscription watch(HaNode node) {
        return node.elections().observe("totals", status -> LOG.info("{} {}", status.leader(), status.reason()));
    }

    /** Lets another node lead before this one is taken down for a while. */
    public boolean standAside() {
        return participation.resign(Duration.ofMinutes(10));
    }

    @Override
    public void close() {
        participation.close();
    }
}
