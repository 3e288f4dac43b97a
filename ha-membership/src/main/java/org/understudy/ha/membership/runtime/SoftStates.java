package org.understudy.ha.membership.runtime;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.understudy.ha.api.spi.SoftState;
import org.understudy.ha.membership.core.message.Message;

/** The soft state of every group of this node: one value for each, the newest. Thread-safe. */
public final class SoftStates {

    private final Predicate<String> isRegistered;
    private final Runnable isToSend;
    private final AtomicLong numbers = new AtomicLong();
    private final Map<String, Message.Soft> newest = new ConcurrentHashMap<>();
    private final Map<String, Message.Soft> unsent = new ConcurrentHashMap<>();

    /**
     * @param isRegistered whether a group is one of this node's: of others nothing is kept
     * @param isToSend told whenever something waits for {@link #takeUnsent}; must not block
     */
    public SoftStates(Predicate<String> isRegistered, Runnable isToSend) {
        this.isRegistered = isRegistered;
        this.isToSend = isToSend;
    }

    /** What a node says that passes for the owner. An earlier owner's late word does not replace a later one's. */
    public void heard(Message.Soft message) {
        if (isRegistered.test(message.group()) && message.state().length <= SoftState.BYTES_MAX) {
            newest.merge(message.group(), message, SoftStates::newer);
        }
    }

    private static Message.Soft newer(Message.Soft a, Message.Soft b) {
        return a.isBefore(b) ? b : a;
    }

    /** What is to be sent to every other node: of each group the newest that was told since. */
    public List<Message.Soft> takeUnsent() {
        return unsent.keySet().stream()
                .map(unsent::remove)
                .filter(Objects::nonNull)
                .toList();
    }

    /** Nothing is kept of a group that is not registered any more. */
    public void forget(String group) {
        newest.remove(group);
        unsent.remove(group);
    }

    /**
     * For one start of a group.
     *
     * @param isOwner whether this start still owns the group; where not, nothing is told any more
     */
    public SoftState of(String group, long token, Predicate<Long> isOwner) {
        return new SoftState() {
            @Override
            public void tell(byte[] state) {
                if (state.length > BYTES_MAX) {
                    throw new IllegalArgumentException(
                            "a soft state has at most " + BYTES_MAX + " bytes, not " + state.length);
                }
                if (isOwner.test(token)) {
                    Message.Soft message = new Message.Soft(group, token, numbers.incrementAndGet(), state);
                    SoftStates.this.heard(message);
                    unsent.merge(group, message, SoftStates::newer);
                    isToSend.run();
                }
            }

            @Override
            public Optional<byte[]> heard() {
                return Optional.ofNullable(newest.get(group)).map(Message.Soft::state);
            }
        };
    }
}
