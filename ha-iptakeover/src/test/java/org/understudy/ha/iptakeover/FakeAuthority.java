package org.understudy.ha.iptakeover;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.understudy.ha.iptakeover.spi.AddressAuthority;

/** An authority in memory. What it answers next can be laid down; an answer that is laid down changes nothing. */
final class FakeAuthority implements AddressAuthority {
    final Queue<Answer> answers = new ArrayDeque<>();
    final List<String> calls = new ArrayList<>();
    String obstacle = "";
    Fencing fencing = Fencing.BY_TOKEN;
    private String owner = "";
    private long highest;

    @Override
    public String name() {
        return "fake";
    }

    @Override
    public Fencing fencing() {
        return fencing;
    }

    @Override
    public String obstacle() {
        return obstacle;
    }

    @Override
    public synchronized Answer assign(Claim claim, Duration budget) {
        calls.add("assign " + claim.node() + " " + claim.token());
        if (!answers.isEmpty()) {
            return answers.remove();
        }
        if (claim.token().value() < highest) {
            return Answer.no("a higher token was here");
        }
        highest = claim.token().value();
        owner = claim.node().toString();
        return Answer.yes("");
    }

    @Override
    public synchronized Answer release(Claim claim, Duration budget) {
        calls.add("release " + claim.node() + " " + claim.token());
        if (!answers.isEmpty()) {
            return answers.remove();
        }
        owner = owner.equals(claim.node().toString()) ? "" : owner;
        return Answer.yes("");
    }

    @Override
    public synchronized Answer owner(Claim claim, Duration budget) {
        calls.add("owner " + claim.node() + " " + claim.token());
        if (!answers.isEmpty()) {
            return answers.remove();
        }
        return owner.equals(claim.node().toString()) ? Answer.yes("") : Answer.no(owner);
    }

    /** Somebody else's doing. */
    synchronized void give(String node) {
        owner = node;
    }
}
