package org.understudy.ha.membership.agents;

import java.util.ArrayList;
import java.util.List;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.api.spi.ManagedResource.StartContext;
import org.understudy.ha.api.spi.ManagedResource.StopContext;

/** What a lane hands to a resource, without a lane. */
final class Contexts implements StartContext, StopContext {
    final List<String> alarms = new ArrayList<>();

    @Override
    public String group() {
        return "files";
    }

    @Override
    public Incarnation holder() {
        return new Incarnation(NodeId.of("serv1"), 3);
    }

    @Override
    public FencingToken token() {
        return new FencingToken(42);
    }

    @Override
    public EnforcedLease lease() {
        throw new AssertionError("no agent asks for the lease");
    }

    @Override
    public ProofKind proof() {
        return ProofKind.NEVER;
    }

    @Override
    public HostClaims claims() {
        throw new AssertionError("no agent claims");
    }

    @Override
    public void alarm(String sentence) {
        alarms.add(sentence);
    }
}
