package org.understudy.ha.iptakeover.lab;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.SoftState;

/** What a node gives a resource with a start, and what the resource tells the node. */
public final class LabGrant implements ManagedResource.StartContext {
    private final TestLease lease;
    private final ProofKind proof;
    private final int tag;
    private final Optional<byte[]> key;
    private final Optional<byte[]> heard;
    private final Runnable atClaim;
    private final Map<Class<?>, Object> common;

    private final List<String> alarms = new CopyOnWriteArrayList<>();
    private final List<String> reports = new CopyOnWriteArrayList<>();
    private volatile byte[] told = new byte[0];

    /**
     * @param keyWord from which the key of the cluster is made; empty: it has none
     * @param heard soft state of the last owner; empty: none
     * @param atClaim what somebody does when the resource names what it leaves on the host
     * @param common what the resources of this node share
     */
    public LabGrant(
            long token,
            ProofKind proof,
            int tag,
            String keyWord,
            byte[] heard,
            Runnable atClaim,
            Map<Class<?>, Object> common) {
        this.common = common;
        this.lease = new TestLease(token);
        this.proof = proof;
        this.tag = tag;
        this.key = keyWord.isEmpty() ? Optional.empty() : Optional.of(key(keyWord));
        this.heard = heard.length == 0 ? Optional.empty() : Optional.of(heard);
        this.atClaim = atClaim;
    }

    /** As on a node that has nothing else. */
    public LabGrant(long token, ProofKind proof, int tag, String keyWord, byte[] heard, Runnable atClaim) {
        this(token, proof, tag, keyWord, heard, atClaim, new ConcurrentHashMap<>());
    }

    /** The same for every purpose. */
    public static byte[] key(String word) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(word.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    public List<String> alarms() {
        return alarms;
    }

    public List<String> reports() {
        return reports;
    }

    /** The newest soft state; empty if none. */
    public byte[] told() {
        return told;
    }

    /** Ends its lease. */
    public void end() {
        lease.end();
    }

    TestLease testLease() {
        return lease;
    }

    @Override
    public String group() {
        return "files";
    }

    @Override
    public Incarnation holder() {
        return new Incarnation(NodeId.of("serv1"), 1);
    }

    @Override
    public EnforcedLease lease() {
        return lease;
    }

    @Override
    public ProofKind proof() {
        return proof;
    }

    @Override
    public Optional<byte[]> clusterKey(String purpose) {
        return key;
    }

    @Override
    public void report(String sentence) {
        reports.add(sentence);
    }

    @Override
    public void alarm(String sentence) {
        alarms.add(sentence);
    }

    @Override
    public SoftState softState() {
        return new SoftState() {
            @Override
            public void tell(byte[] state) {
                told = state.clone();
            }

            @Override
            public Optional<byte[]> heard() {
                return heard;
            }
        };
    }

    @Override
    public <T> T inCommon(Class<T> type, Supplier<T> make) {
        return type.cast(common.computeIfAbsent(type, key -> make.get()));
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
                atClaim.run();
            }
        };
    }
}
