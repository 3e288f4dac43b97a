package org.understudy.ha.iptakeover;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;

/**
 * A start that is given up before it changes anything in the kernel: everything is opened and made as for a takeover, looked through, and closed. What runs for the
 * first time is loaded, verified and linked then; in a first takeover that was a third of its time.
 *
 * <p>Once in a process, since that is where code is loaded. Its lease is over before it begins.
 */
final class StartRehearsal implements ManagedResource.StartContext {
    private static final Logger LOG = LoggerFactory.getLogger(StartRehearsal.class);
    private static final AtomicBoolean IS_DONE = new AtomicBoolean();
    private static final Incarnation NOBODY = new Incarnation(NodeId.of("rehearsal"), 1);

    private final Lease lease = new Lease();
    private final int tag;

    private StartRehearsal(int tag) {
        this.tag = tag;
    }

    /** What a start does with its context before it changes anything, and its end. */
    interface Part {
        void play(ManagedResource.StartContext context) throws ResourceException;
    }

    /** Plays it unless this process has. What does not work is told by the start that needs it; nothing hangs on a rehearsal. */
    static void once(int tag, Part part) {
        once(IS_DONE, tag, part);
    }

    /** Returns false if it was played and broken off. */
    static boolean once(AtomicBoolean isDone, int tag, Part part) {
        if (isDone.getAndSet(true)) {
            return true;
        }
        try {
            part.play(new StartRehearsal(tag));
            return true;
        } catch (HaException | ResourceException e) {
            LOG.info("a start could not be rehearsed here: {}", e.getMessage());
        } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
            // Also of a factory that makes no thread.
            LOG.warn("the rehearsal of a start failed; the first takeover will be a little slower", e);
        }
        return false;
    }

    @Override
    public String group() {
        return "rehearsal";
    }

    @Override
    public Incarnation holder() {
        return NOBODY;
    }

    @Override
    public EnforcedLease lease() {
        return lease;
    }

    @Override
    public ProofKind proof() {
        return ProofKind.RELEASED;
    }

    @Override
    public HostClaims claims() {
        return new HostClaims() {
            @Override
            public int tag() {
                return tag;
            }

            @Override
            public void claim(String claim) {
                // Nothing is left on the host.
            }
        };
    }

    private static final class Lease implements EnforcedLease {
        private static final long LENGTH_NANOS = 1_000_000_000L;

        @Override
        public FencingToken token() {
            return new FencingToken(1);
        }

        @Override
        public boolean isValid() {
            return false;
        }

        @Override
        public Duration remaining() {
            return Duration.ZERO;
        }

        @Override
        public long nowNanos() {
            return LENGTH_NANOS;
        }

        @Override
        public long confirmedNanos() {
            return 0;
        }

        @Override
        public long lengthNanos() {
            return LENGTH_NANOS;
        }
    }
}
