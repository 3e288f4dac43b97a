package org.understudy.ha.membership.runtime;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.codec.OwnerWordsCodec;
import org.understudy.ha.membership.codec.OwnerWordsCodec.OwnerWord;
import org.understudy.ha.membership.core.message.Message;

/**
 * How groups are at their owners, said by these beside the record: for people only, nothing is decided by it. A word may be late or lost;
 * the next change, and the next view, say it again.
 *
 * <p><b>Concurrency.</b> {@link #say} and {@link #sayAllAgain} on one thread; the rest on any.
 */
public final class OwnerWords {

    /** How these messages are called among those of groups; no group is called so. */
    private static final String GROUP = "!owner";

    private static final Logger LOG = LoggerFactory.getLogger(OwnerWords.class);
    /** So many in one message, so that it fits into a frame. */
    private static final int AT_ONCE = 200;

    /** More than a record holds; before this node knows one, whatever is said is kept. */
    private static final int HEARD_MAX = 20_000;

    private final Consumer<Message.Soft> send;
    private final Map<String, Heard> heard = new ConcurrentHashMap<>();
    private SortedMap<String, OwnerWord> said = new TreeMap<>();
    private long number;

    private record Heard(NodeId from, OwnerWord word) {}

    /**
     * @param send to every other node; must not block
     */
    public OwnerWords(Consumer<Message.Soft> send) {
        this.send = send;
    }

    /** Whether a message is for here. */
    public static boolean isMeant(Message.Soft message) {
        return message.group().equals(GROUP);
    }

    /**
     * Tells the others what has changed of the groups that are here.
     *
     * @param present all of them, by name; not changed afterwards
     */
    public void say(SortedMap<String, OwnerWord> present) {
        List<OwnerWord> news = new ArrayList<>();
        for (OwnerWord word : present.values()) {
            if (!word.equals(said.get(word.group()))) {
                news.add(word);
            }
        }
        said = present;
        for (int i = 0; i < news.size(); i += AT_ONCE) {
            List<OwnerWord> some = news.subList(i, Math.min(news.size(), i + AT_ONCE));
            send.accept(new Message.Soft(GROUP, 0, ++number, OwnerWordsCodec.encode(some)));
        }
    }

    /** Others may not have heard them: the next {@link #say} tells everything. */
    public void sayAllAgain() {
        said = new TreeMap<>();
    }

    /**
     * What an owner says. An earlier owner's late word does not replace a later one's.
     *
     * @param isKnown whether a group is in the record, or may be: of others nothing is kept
     */
    public void hear(NodeId from, Message.Soft message, Predicate<String> isKnown) {
        try {
            for (OwnerWord word : OwnerWordsCodec.decode(message.state())) {
                if (isKnown.test(word.group()) && (heard.size() < HEARD_MAX || heard.containsKey(word.group()))) {
                    heard.merge(
                            word.group(),
                            new Heard(from, word),
                            (old, next) -> old.word().token() > next.word().token() ? old : next);
                }
            }
        } catch (MalformedMessageException e) {
            LOG.debug("what {} says of its groups cannot be read: {}", from, e.getMessage());
        }
    }

    /** Nothing is kept of groups that the record knows no more. */
    public void retain(Collection<String> known) {
        heard.keySet().retainAll(known);
    }

    /** What the holder said last under this token. */
    public Optional<OwnerWord> of(String group, Incarnation holder, long token) {
        return Optional.ofNullable(heard.get(group))
                .filter(each -> each.from().equals(holder.node()) && each.word().token() == token)
                .map(Heard::word);
    }

    /** How it is at its holder, to be added to a sentence; empty if it runs well there, or nothing was heard. */
    public static String words(OwnerWord word) {
        return switch (word.state()) {
            case STARTING -> "; it is being started there";
            case STOPPING -> "; it is being stopped there" + because(word);
            case BLOCKED ->
                "; it could not be stopped there" + because(word)
                        + ": it runs nowhere else until that is mended or that process has ended";
            case RUNNING -> word.why().isEmpty() ? "" : "; there " + word.why();
            default -> "";
        };
    }

    private static String because(OwnerWord word) {
        return word.why().isEmpty() ? "" : " (" + word.why() + ")";
    }

    /** Of groups that are here, by name. */
    public static OwnerWord word(String group, long token, GroupStatus.State state, String why) {
        return new OwnerWord(group, token, state, Instance.cut(why));
    }
}
