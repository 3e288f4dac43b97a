package org.understudy.ha.testkit.faults;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What an operator switched during an episode, and switches back afterwards: said at a node, again and again until one answers that it is
 * done. One thread.
 *
 * <p>A word that was not decided yet may still be; only when it cannot be any more is it taken back, or a vote would go away after it was
 * given back.
 */
final class PendingWord {
    /** Nobody answers so late: it may have stood still for long before it read what it was asked, and then tried it for ten seconds. */
    private static final long TRIED_NANOS = TimeUnit.SECONDS.toNanos(40);

    private static final long AGAIN_NANOS = TimeUnit.SECONDS.toNanos(3);

    private final LabNode first;
    private final int firstLife;
    private final String word;
    private final String back;
    private final long saidNanos;
    private boolean isOver;
    private Optional<LabNode> asked = Optional.empty();
    private long askedNanos;

    private PendingWord(LabNode first, String word, String back) {
        this.first = first;
        this.firstLife = first.lives();
        this.word = word;
        this.back = back;
        this.saidNanos = System.nanoTime();
        this.isOver = word.isEmpty();
    }

    /**
     * Says something now.
     *
     * @param back what takes it back
     */
    static PendingWord said(LabNode at, String word, String back) {
        at.forget(word);
        at.command(word);
        return new PendingWord(at, word, back);
    }

    /** Something that only has to be said afterwards. */
    static PendingWord owed(LabNode at, String back) {
        return new PendingWord(at, "", back);
    }

    /** What is still to be said. */
    String missing() {
        return isOver ? "'" + back + "' is not done yet" : "'" + word + "' is not decided yet";
    }

    /** Goes on taking it back. Returns whether it is. */
    boolean isBack(List<LabNode> nodes) {
        long now = System.nanoTime();
        isOver |= first.hasAnswered(word) || first.lives() != firstLife || now - saidNanos > TRIED_NANOS;
        if (!isOver) {
            return false;
        }
        if (asked.filter(node -> node.hasDone(back)).isPresent()) {
            return true;
        }
        if (asked.isEmpty() || now - askedNanos > AGAIN_NANOS) {
            asked = nodes.stream().filter(node -> node.state().equals("ACTIVE")).findFirst();
            askedNanos = now;
            asked.ifPresent(node -> {
                node.forget(back);
                node.command(back);
            });
        }
        return false;
    }
}
