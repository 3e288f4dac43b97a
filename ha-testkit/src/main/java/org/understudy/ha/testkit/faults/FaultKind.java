package org.understudy.ha.testkit.faults;

import java.util.List;
import org.understudy.ha.api.Fault;
import org.understudy.ha.api.NodeId;

/** What the suite does to a node, its host or its links. */
enum FaultKind {
    /** SIGKILL to the node; its guardian lives. */
    KILL("kill", 5, true),
    /** SIGKILL to the guardian and the node: a death that nobody can prove. */
    KILL_BOTH("kill-both", 3, true),
    /** SIGSTOP for less than a lease. */
    PAUSE_SHORT("pause-short", 3, false),
    /** SIGSTOP for longer than a lease, then SIGCONT. */
    PAUSE("pause", 5, true),
    /** Graceful stop. */
    LEAVE("leave", 2, true),
    /** Killed again and again while it comes up. */
    RESTART_STORM("restart-storm", 2, true),
    /** Every node killed at once; guardians live. */
    BLACKOUT("blackout", 1, true),
    /** The LAN cable is pulled; the private network stays. */
    UNPLUG("unplug", 3, false),
    /** Nothing gets from or to it on the private network; the LAN stays. */
    ISOLATE("isolate", 3, false),
    /** What it sends on the private network is lost; it hears. */
    MUTE("mute", 3, false),
    /** What is sent to it on the private network is lost; it is heard. */
    DEAF("deaf", 3, false),
    /** It and one other do not reach each other; the rest reach both. */
    PARTIAL("partial", 3, false),
    /** A minority with it is cut off from the rest. */
    SPLIT("split", 2, false),
    /** 30 of 100 frames are lost on each of its links, both ways. */
    LOSS("loss-30", 3, false),
    /** Frames on its links are late by 20 to 80 ms. */
    DELAY("delay", 2, false),
    /** Frames on its links overtake one another, and some come twice. */
    SHUFFLE("reorder-dup", 3, false),
    /** The disk with its state is full. */
    DISK_FULL("disk-full", 2, false),
    /** Killed, and started again on an empty disk. */
    DISK_LOST("disk-lost", 2, true),
    /** Killed, and started again on a copy of its disk from an earlier life, if there is one. */
    DISK_OLDER("disk-older", 2, true),
    /** An operator at another node takes its vote away, and gives it back afterwards. */
    VOTE_AWAY("vote-away", 2, false),
    /** An operator at another node puts it on standby, and activates it afterwards. */
    STANDBY("standby", 2, false),
    /** Guardian and node are killed, and an operator at another node, who knows, says so. */
    CONFIRMED("confirmed-down", 2, true),
    /** All others are killed, a majority of the disks is gone, and an operator at this one goes on alone; later the others get their votes back. */
    MAJORITY_LOST("majority-lost", 1, true);

    private final String word;
    private final int weight;
    private final boolean isAtProcess;

    FaultKind(String word, int weight, boolean isAtProcess) {
        this.word = word;
        this.weight = weight;
        this.isAtProcess = isAtProcess;
    }

    String word() {
        return word;
    }

    /** How often it is drawn, against the others. */
    int weight() {
        return weight;
    }

    /** Whether the process is dead or stands still afterwards, so that the same process cannot be hit once more. */
    boolean isAtProcess() {
        return isAtProcess;
    }

    /** Whether a node so struck is expected to lose what it owns while it lasts, at least if nothing else is broken. */
    boolean isMoving() {
        return switch (this) {
            case PAUSE_SHORT, PARTIAL, LOSS, DELAY, SHUFFLE, BLACKOUT, VOTE_AWAY -> false;
            default -> true;
        };
    }

    /** Whether it leaves a vote fewer to lose: one of this kind at a time is what a cluster is promised to survive. */
    boolean isAtVotes() {
        return this == DISK_LOST || this == DISK_OLDER || this == VOTE_AWAY || this == MAJORITY_LOST;
    }

    /** Whether it can leave a death that nobody proves. */
    boolean mayOrphan() {
        return this == KILL_BOTH || this == BLACKOUT;
    }

    /** Whether it may strike a new owner in the middle of a takeover. */
    boolean isForTakeovers() {
        return this == KILL || this == KILL_BOTH || this == PAUSE || this == ISOLATE || this == DISK_FULL;
    }

    /**
     * What the product calls this fault; empty where it says nothing of it: what is over within a lease, is planned, or hurts a
     * resource and not its node.
     *
     * @param struck the nodes it strikes
     * @param other the node it separates them from, for {@link #PARTIAL}
     */
    List<Fault> faults(List<NodeId> struck, NodeId other) {
        return switch (this) {
            case KILL -> all(Fault.Kind.PROCESS_KILLED, struck);
            case KILL_BOTH -> all(Fault.Kind.NODE_LOST, struck);
            case PAUSE -> all(Fault.Kind.NODE_PAUSED, struck);
            case ISOLATE, MUTE, SPLIT -> all(Fault.Kind.CUT_OFF, struck);
            case PARTIAL -> List.of(Fault.linkCut(struck.get(0), other));
            case DISK_FULL -> all(Fault.Kind.DISK_LOST, struck);
            case PAUSE_SHORT, LEAVE, RESTART_STORM, BLACKOUT, UNPLUG, DEAF, LOSS, DELAY, SHUFFLE -> List.of();
            case DISK_LOST, DISK_OLDER, VOTE_AWAY, STANDBY, CONFIRMED, MAJORITY_LOST -> List.of();
        };
    }

    private static List<Fault> all(Fault.Kind kind, List<NodeId> struck) {
        return struck.stream().map(node -> Fault.of(kind, node)).toList();
    }
}
