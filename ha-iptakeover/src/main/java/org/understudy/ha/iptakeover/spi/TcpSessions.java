package org.understudy.ha.iptakeover.spi;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.TcpConnection;

/**
 * The TCP connections of floating addresses: which there are, how to end them before an address leaves, and how to end them for
 * the client after its host has died.
 *
 * <p>Without this a client that is waiting for an answer when the address moves waits on: its host has no reason to send
 * anything, and nobody sends it anything.
 *
 * <p><b>When, on the host that gives the address away.</b> Stop accepting; {@link #destroy}; only then shut the gate and remove the
 * address. The resets leave in the name of the address through the open gate: behind a shut gate, or once the address is gone, only
 * the local half of a connection ends. While the address is held: {@link #established} about once a second, and what
 * {@code core.Connections} makes of it goes to the next owners.
 *
 * <p><b>When, on the host that takes it.</b> Address up, gate open, announced, the application listening on every address or on
 * this one; then {@link #tickle} as {@code core.TickleSchedule} says. The schedule has several rounds, because a client whose
 * neighbour entry still shows the old host answers that one. A predecessor that has released the address has reset its connections
 * itself; tickling them again does no harm, nor does tickling a connection that lives.
 *
 * <p><b>What stands between.</b> The client answers a tickle with a plain acknowledgement, and this host's kernel answers that with
 * a reset. All three packets have to pass:
 * <ul>
 *   <li>a firewall on this host or in front of it that lets in only what belongs to a connection it knows must let in an
 *       acknowledgement to the service's port, and must let out the tickle and the reset. Connection tracking that has not seen the
 *       connection takes the tickle for the beginning of one (or, with {@code nf_conntrack_tcp_loose=0}, for invalid) and then finds
 *       the client's answer outside its window: a rule that drops {@code ct state invalid} swallows it. Leave the service's
 *       port out of tracking ({@code notrack}), or set {@code nf_conntrack_tcp_be_liberal=1};
 *   <li>a stateful firewall or address translation between this host and the client, which has seen the connection, finds the
 *       numbers of the tickle outside of what it expects, and drops it unless it is liberal too. Nothing here can see that: the client
 *       then hangs until its keep-alive or its own time-out, as without a tickle. A plain router passes everything on;
 *   <li>behind a translator the address and port in the list are the translator's, which is right: it maps them back, if it
 *       still has the mapping and takes the tickle at all.
 * </ul>
 *
 * <p><b>On which thread.</b> No call waits for the network. {@link #tickle} is short enough for the thread that prolongs the gate; the
 * other two grow with the number of connections and are not: {@link #destroy} belongs to the thread that stops the address, while the
 * gate is still prolonged, and {@link #established} to one that may take its time. Thread-safe; holds nothing open between calls.
 */
public interface TcpSessions extends AutoCloseable {

    /** The most that one call of {@link #tickle} takes. */
    int TICKLES_MAX = 64;

    /**
     * The connections of some addresses in which the remote end may still wait for this host: established, or half closed without the
     * remote end having all. Those of a dual-stack socket are among them, as IPv4. {@code ss -tn src ADDRESS}.
     *
     * <p>The kernel goes through its whole table, twice for an IPv4 address: under a millisecond, and some 5 to 20 microseconds more for
     * each connection found. For more than eight addresses it goes through it twice in all, and shows the connections of other
     * addresses too. Needs no privilege.
     *
     * @return in order, each once
     * @throws PlatformException if the kernel does not tell, see {@link #destroy}
     */
    List<TcpConnection> established(Collection<IpAddress> local);

    /**
     * How many connections this network namespace has accepted so far: where it has not grown there is nothing new to look for. Some 10
     * microseconds, however many connections there are.
     *
     * @return empty if the kernel does not say
     */
    OptionalLong accepted();

    /**
     * Ends every connection of some addresses: the remote end is reset, and whoever reads or writes here gets an exception.
     * {@code ss -K src ADDRESS}. Sockets that listen stay, and so does what they accept meanwhile, unless that took so long that it was looked at
     * again; idempotent.
     *
     * <p>About 0.1 milliseconds for each connection: a thousand take a tenth of a second.
     *
     * @param within after that time no further connection is ended; a look at the kernel's table is not cut short
     * @throws PlatformException EPERM without CAP_NET_ADMIN; EOPNOTSUPP if the kernel was built without CONFIG_INET_DIAG_DESTROY; ENOENT or
     *     EPROTONOSUPPORT if it has no tcp_diag. Some connections may then have been ended
     */
    Ended destroy(Collection<IpAddress> local, Duration within);

    /**
     * What became of connections.
     *
     * @param count how many were ended; those that ended by themselves meanwhile do not count
     * @param isComplete false if the time was over before
     */
    record Ended(int count, boolean isComplete) {}

    /**
     * Makes the remote ends say where they are, once each, so that they are reset if nobody here knows them. Paced by
     * {@code core.TickleSchedule}, not by this call.
     *
     * <p>About 20 microseconds each. Never waits. A shut gate holds back every one.
     *
     * @param connections at most {@link #TICKLES_MAX}, of addresses of this host
     * @return how many the kernel took; the gate or the card may still drop one. The rest was not sent and may be in a next round: the
     *     local address is not on this host, there is no route, a firewall of this host refused, there was no room, or an end is link-local
     * @throws IllegalArgumentException if there are too many
     * @throws PlatformException EPERM without CAP_NET_RAW
     */
    int tickle(List<TcpConnection> connections);

    /** Frees what {@link #accepted} keeps open; it opens that again if it is called again. */
    @Override
    void close();
}
