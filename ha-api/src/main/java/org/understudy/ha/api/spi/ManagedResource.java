package org.understudy.ha.api.spi;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Scope;

/**
 * Something that must be active on at most one node: an address, a listener, a mounted file system, a scheduler.
 *
 * <p><b>Thread rule.</b> One call at a time per group, on a thread of the library that need not be the one of the call before
 * (what that call wrote is visible), with the context class loader of the
 * code that registered it. The library holds no lock while it calls. Each call has a time {@linkplain #budget budget}; when it is used up
 * the thread is interrupted and the outcome counts as unknown. A look ({@code probe}, {@code eligibility}, {@code monitor}, {@code score}) that has
 * not returned half a second after that is abandoned: the library goes on without it, so a stop may be called while it still hangs; what it
 * returns at last is ignored and counted. While it hangs, the group is not started on this node. Any other call is waited for.
 *
 * <p><b>Idempotence.</b> Every method may be called again, also after a failure or after an earlier call whose outcome
 * is unknown. A failed {@code start} is always followed by {@code stop}.
 */
public interface ManagedResource {

    /** The longest budget of a call. */
    Duration LONGEST = Duration.ofDays(1);

    /**
     * Makes the resource usable. Returning means: usable now.
     *
     * @param context token, lease and identity of this start
     * @throws ResourceException if it cannot start, with the severity that says where to try next
     * @throws InterruptedException if the start was cancelled or ran out of budget
     */
    void start(StartContext context) throws ResourceException, InterruptedException;

    /**
     * Ends the resource. Returning normally means: certainly stopped, and startable on any other node. Throw if in doubt;
     * the library then retries, calls {@link #kill()}, and at last blocks the group rather than risk two owners. A call that does not return is
     * interrupted at the end of its budget and waited for: the group is blocked once everything that its stop could take is used up.
     *
     * @throws ResourceException if it may still be active
     * @throws InterruptedException if the budget ran out
     */
    void stop(StopContext context) throws ResourceException, InterruptedException;

    /**
     * Looks, locally and quickly, whether the started resource works. Called every {@code Group.monitorEvery} while it is started (by default every
     * 50 ms, less often on a node with more than fifty), once when the group is registered, and after a stop. A resource that has once said that it does not run and says HEALTHY
     * or DEGRADED for a second after its stop is not believed to be stopped.
     */
    Health monitor();

    /**
     * Makes ready what takes time before a planned move brings the resource here: loads, connects, allocates. Another node still runs it,
     * and goes on doing so until this has returned, so a move is as short as {@code stop} and {@code start} are. A start follows, or {@link #unprepare()}, or {@link #retire()} where the node closes
     * meanwhile; a start may also come without it, as after the death of the node that ran it. Nothing that it does may be seen by users
     * of the resource, or be lost when the process dies. Does nothing by default.
     *
     * <p>Only the group that moves is spared the wait. What runs {@linkplain org.understudy.ha.api.config.Placement.Builder#after after} it is
     * stopped when the move is decided and started once the group runs on the new node, so it is away for the whole of this call as well: for up to its
     * budget, even if the move is then given up and the group itself has not stopped for a moment.
     *
     * @param context whose token is that of the grant which is going to end
     * @throws ResourceException if it could not be started here; it counts as a failure of a start. After a SOFT one this is called again at once. The third
     *     in ten minutes, a harder one, or one of a call that has used up its budget, which counts as HARD, keeps this node away, and the move to it is given
     *     up: the resource goes on where it is. Where its node is on standby the next node that could run it makes ready; if there is none, the resource
     *     stops at once
     * @throws InterruptedException if the move was given up, or the budget ran out
     */
    default void prepare(PrepareContext context) throws ResourceException, InterruptedException {
        // A start takes no time.
    }

    /**
     * What {@link #prepare} made ready is not wanted any more: the move was given up, goes elsewhere, or the start did not come to this resource. Gives back
     * that, and nothing else: the resource stays defined here, and whatever it keeps for its own starts stays as it was before. Called after a
     * {@code prepare}, whatever became of that, in the order of stopping, and never while it is started; may be called again. A start, another
     * {@code prepare} or {@link #retire()} may follow. While it does not return, the group is not started on this node; an exception is logged and
     * changes nothing.
     *
     * <p>Calls {@link #retire()} by default, so that a resource that knows only that keeps nothing of what it has loaded. Override it where
     * {@code retire} gives back more than that, also if nothing is made ready: then it has nothing to do here.
     */
    default void unprepare() {
        retire();
    }

    /**
     * Finishes what is under way and takes nothing new. Called for every resource of a group that runs, in the order of stopping, before the
     * first of them is stopped or demoted on purpose; not after a failure, and not when the lease is ending. Always followed by {@code stop} or
     * {@code demote}, whatever becomes of it. Does nothing by default.
     *
     * @throws ResourceException if it cannot be done in order; logged
     * @throws InterruptedException if the budget ran out
     */
    default void quiesce(StopContext context) throws ResourceException, InterruptedException {
        // Nothing is under way.
    }

    /**
     * How long one call may take. Asked once for each, when the group is registered; 1 ms to a day.
     *
     * @return empty by default: then the group's start budget for {@code PROBE}, {@code PREPARE}, {@code START} and {@code PROMOTE}, its stop budget for
     *     {@code QUIESCE}, {@code DEMOTE}, {@code STOP} and {@code KILL}, for {@code UNPREPARE} what {@code RETIRE} has, and 2 s for the others
     */
    default Optional<Duration> budget(Call call) {
        return Optional.empty();
    }

    /** What the library calls, each with a budget. */
    enum Call {
        PROBE,
        ELIGIBILITY,
        PREPARE,
        START,
        MONITOR,
        SCORE,
        PROMOTE,
        QUIESCE,
        DEMOTE,
        STOP,
        KILL,
        RETIRE,
        UNPREPARE
    }

    /**
     * Whether the resource is active although this library did not start it. Asked before the group's very first grant.
     *
     * @return {@link Presence#ABSENT} by default
     */
    default Presence probe() {
        return Presence.ABSENT;
    }

    /**
     * What the last {@link #probe} found, for people: where the resource is active, or why that could not be found out, and what to do. Told as the reason
     * for which the group is not started. Asked right after a probe that did not answer ABSENT, on its thread. Words
     * that change while the answer stays the same are told at most every ten seconds.
     *
     * @return empty by default
     */
    default String probeDetail() {
        return "";
    }

    /**
     * Whether this node could start the resource now, for example because its network card has a link. Local and quick;
     * asked about once a second while the group is not active here. A veto keeps the group away from this node until it is
     * withdrawn.
     */
    default Eligibility eligibility() {
        return Eligibility.eligible();
    }

    /**
     * Last resort after {@link #stop} failed.
     *
     * @return true only if the resource is certainly gone
     */
    default boolean kill() {
        return false;
    }

    /**
     * The node closes, or gives the resource up: gives back what was kept ready for a start, what {@link #prepare} made among it. Called after the last stop,
     * and also if there was no start; may be called again, and a start may follow. Does nothing by default; an exception is logged and changes nothing.
     * Of a preparation alone it is called through {@link #unprepare()}, unless that is overridden.
     */
    default void retire() {
        // Nothing is kept ready.
    }

    /** What must end for this resource to be surely gone. {@link Scope#PROCESS} by default. */
    default Scope scope() {
        return Scope.PROCESS;
    }

    /**
     * Whether nothing of this resource goes on when no thread of its process runs any more, though the kernel has not yet closed the
     * process's descriptors: with a large heap that takes it seconds. Say so for what only computes, answers or sends (a scheduler, a server of
     * requests): a killed node is then proved dead, and its groups start elsewhere, within milliseconds whatever the size of its heap. Do
     * not for what orders things that land later: files on a network file system, which writes back at the close, or asynchronous I/O on a volume that
     * another host will use.
     *
     * <p>Where one resource that a node has started does not say so, its death is proved when its process is gone. Asked before each
     * start.
     *
     * @return false by default
     */
    default boolean endsWithItsThreads() {
        return false;
    }

    /**
     * What ends this resource's effect at the end of the lease although our code does not run. Asked once, when the group is
     * registered; must be honest about what this host offers.
     *
     * <p>{@link Enforcement#KERNEL_OBJECT} means that the resource sees to it by itself, with the lease it is given at the start.
     * {@link Enforcement#PROCESS_KILL} and {@link Enforcement#HARDWARE} mean that the library's enforcer of that kind ends it, if this node
     * has one, although its {@link #scope()} does not say so (what a server elsewhere takes back when a connection of this process breaks,
     * for example).
     *
     * @return {@link Enforcement#COOPERATIVE} only, by default: then the enforcers of this node that cover its scope count
     */
    default Set<Enforcement> enforcements() {
        return Set.of(Enforcement.COOPERATIVE);
    }

    /**
     * For {@link Scope#NODE} resources: what stays on the host when the process dies, named as the host port's last rites
     * name it (for an address {@code address/192.0.2.10}). A guardian's last will proves this resource gone only if it lists
     * every one of them as removed or absent.
     */
    default List<String> remains() {
        return List.of();
    }

    /** What every call that changes something is given. */
    interface CallContext {
        /** The group's name. */
        String group();

        /** The fencing token of the grant under which it is started or promoted, or that ends or is going to. */
        FencingToken token();

        /**
         * Tells whoever listens to the node something about this call, as {@code HaEvent.Reported}: one sentence. Any thread; never
         * blocks. Listeners that fall behind hear the newest.
         */
        default void report(String sentence) {
            // Nobody listens.
        }

        /** The same for something that a person should look at, as {@code HaEvent.Alarm}. */
        default void alarm(String sentence) {
            // Nobody listens.
        }

        /** What is left of the budget of this call; zero when it is used up. Any thread. */
        default Duration remaining() {
            return LONGEST;
        }

        /** Whether nobody waits for this call any more: its budget is used up, or a start is to end in favour of a stop. Any thread. */
        default boolean isCancelled() {
            return Thread.currentThread().isInterrupted();
        }
    }

    /** Everything a preparation is given. */
    interface PrepareContext extends CallContext {
        /** The incarnation of this node that is to hold the next grant. */
        Incarnation successor();

        /** Announces what it will leave on the host to the guardian, before it is created there. */
        HostClaims claims();
    }

    /** Everything a start or a promotion is given. */
    interface StartContext extends CallContext {
        /** The incarnation that holds the grant. */
        Incarnation holder();

        /** The fencing token of this grant; larger than that of every grant before. */
        @Override
        default FencingToken token() {
            return lease().token();
        }

        /** The lease behind the grant, with what a kernel enforcement needs to know of it. */
        EnforcedLease lease();

        /** Why the grant before this one is over. */
        ProofKind proof();

        /**
         * A key that every node of the cluster derives alike from the secret beside its keys, and that nobody else knows.
         *
         * @param purpose what it is for; different purposes have different keys
         * @return 32 bytes; empty where the nodes run {@code insecure()}, or their keys were made before there was a secret
         */
        default Optional<byte[]> clusterKey(String purpose) {
            return Optional.empty();
        }

        /** What the owners of this group told the other nodes, and a way to tell them more while this start lasts. */
        default SoftState softState() {
            return SoftState.NONE;
        }

        /**
         * What the resources of one node have in common: the same object at each call with this type on this node, made by the first of them. The
         * node does not close it, so it must hold nothing (no thread, file or socket) before one of them is started or made ready, nor after the
         * last {@link #retire}.
         *
         * @param make called once for a node by the library; must not block
         * @return a new one at each call where nobody keeps it, as by default
         */
        default <T> T inCommon(Class<T> type, Supplier<T> make) {
            return make.get();
        }

        /** Announces what this start will leave on the host to the guardian, before it is created there. */
        HostClaims claims();
    }

    /** Everything a stop, a demotion or a quiescence is given. */
    interface StopContext extends CallContext {}
}
