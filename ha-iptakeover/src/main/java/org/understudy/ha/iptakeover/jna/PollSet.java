package org.understudy.ha.iptakeover.jna;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Some descriptors that one thread waits on again and again, {@code ppoll(2)} for reading. For that thread alone. */
public final class PollSet {
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final List<Fd> fds;
    private final byte[] entries;
    private final ByteBuffer view;
    private final long[] timeout = new long[2];

    public PollSet(List<Fd> fds) {
        this.fds = List.copyOf(fds);
        this.entries = new byte[Libc.POLL_ENTRY_BYTES * fds.size()];
        this.view = ByteBuffer.wrap(entries).order(ByteOrder.nativeOrder());
    }

    /**
     * Waits until there is something to read, or an error, on one of them.
     *
     * @param nanos how long at most; {@link Long#MAX_VALUE} for ever, nothing or less not at all
     * @return false after the time or a signal
     */
    public boolean await(long nanos) {
        for (int i = 0; i < fds.size(); i++) {
            view.putInt(Libc.POLL_ENTRY_BYTES * i, fds.get(i).number());
            view.putInt(Libc.POLL_ENTRY_BYTES * i + Integer.BYTES, 0);
            view.putShort(Libc.POLL_ENTRY_BYTES * i + Integer.BYTES, (short) Libc.POLLIN);
        }
        timeout[0] = Math.max(0, nanos) / NANOS_PER_SECOND;
        timeout[1] = Math.max(0, nanos) % NANOS_PER_SECOND;
        return Libc.poll(entries, nanos == Long.MAX_VALUE ? null : timeout) > 0;
    }

    /** Of the last wait; an error counts, reading shows it. */
    public boolean isReadable(int which) {
        return view.getShort(Libc.POLL_ENTRY_BYTES * which + Libc.POLL_RESULT_AT) != 0;
    }
}
