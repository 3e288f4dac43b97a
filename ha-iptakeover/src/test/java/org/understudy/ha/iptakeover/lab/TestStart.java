package org.understudy.ha.iptakeover.lab;

import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.api.spi.ManagedResource;

/** What a resource is started and stopped with, outside a node. */
public record TestStart(EnforcedLease lease, ProofKind proof)
        implements ManagedResource.StartContext, ManagedResource.StopContext {

    /** With a lease that is confirmed until {@link #end()}. */
    public static TestStart released() {
        return new TestStart(new TestLease(), ProofKind.RELEASED);
    }

    public void end() {
        ((TestLease) lease).end();
    }

    @Override
    public FencingToken token() {
        return lease.token();
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
    public HostClaims claims() {
        return new HostClaims() {
            @Override
            public int tag() {
                return 4711;
            }

            @Override
            public void claim(String claim) {}
        };
    }
}
