package org.understudy.ha.api;

/**
 * A sink refused a fencing token because it has admitted a higher one: somebody newer owns what the caller still believes to own.
 * Nothing was changed. Never repeat the call: end the work under this token; a later grant brings a higher one.
 */
public final class StaleTokenException extends HaException {
    private static final long serialVersionUID = 1L;
    private final long offered;
    private final long highest;

    /**
     * @param sink what refused, as an operator would name it
     * @param offered the token that was refused
     * @param highest the token the sink had admitted before
     */
    public StaleTokenException(String sink, FencingToken offered, FencingToken highest) {
        super(
                Category.REPLACED,
                sink + ": refused token " + offered + ", because token " + highest
                        + " was admitted: a newer owner is at work. Nothing was written; end what runs under token "
                        + offered
                        + " and wait to be granted again. If the cluster was formed anew its tokens began again, and the sink"
                        + " must be begun anew with it");
        this.offered = offered.value();
        this.highest = highest.value();
    }

    /** The token that was refused. */
    public FencingToken offered() {
        return new FencingToken(offered);
    }

    /** The highest token the sink had admitted when it refused. */
    public FencingToken highest() {
        return new FencingToken(highest);
    }
}
