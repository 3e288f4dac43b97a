package org.understudy.ha.iptakeover.jna;

import com.sun.jna.Memory;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.understudy.ha.iptakeover.bpf.BpfCall;

/**
 * A call of {@code bpf(2)} that is made again and again: its memory is laid out once, and kept.
 *
 * <p><b>Concurrency.</b> Any thread; one call at a time.
 */
public final class PreparedBpf {
    private final BpfCall call;
    private final List<Fd> descriptors;
    private final long[] starts;
    private final Memory memory;
    private final ReentrantLock lock = new ReentrantLock();

    /** @param descriptors what the call asks for, in its order; they stay with their owner */
    public PreparedBpf(BpfCall call, Fd... descriptors) {
        this.call = call;
        this.descriptors = List.of(descriptors);
        this.starts = Libc.layOut(call);
        this.memory = Libc.written(call, starts);
    }

    /**
     * Makes it with a number in its attributes.
     *
     * @return the number that stands in their place afterwards, and the first of the first block
     * @throws org.understudy.ha.api.PlatformException if the kernel refuses
     */
    public Numbers run(int at, int number) {
        lock.lock();
        try {
            memory.setInt(at, number);
            Libc.bpf(call, memory);
            return new Numbers(memory.getInt(at), memory.getInt(starts[1]));
        } finally {
            lock.unlock();
        }
    }

    /** What {@link #run(int, int)} gives. */
    public record Numbers(int attribute, int first) {}

    /**
     * Makes it.
     *
     * @param block of the call that is replaced, whole
     * @throws org.understudy.ha.api.PlatformException if the kernel refuses
     * @throws org.understudy.ha.api.LifecycleException if a descriptor is closed
     */
    public void run(int block, byte[] value) {
        lock.lock();
        try {
            memory.write(starts[block], value, 0, value.length);
            for (int i = 0; i < descriptors.size(); i++) {
                BpfCall.Place place = call.descriptors().get(i);
                memory.setInt(
                        starts[place.block()] + place.at(), descriptors.get(i).number());
            }
            Libc.bpf(call, memory);
        } finally {
            lock.unlock();
        }
    }
}
