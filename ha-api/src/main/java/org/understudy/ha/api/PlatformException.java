package org.understudy.ha.api;

/** The operating system refused something. Carries the call, the error number and the object it was about. */
public final class PlatformException extends HaException {
    private static final long serialVersionUID = 1L;
    private final String call;
    private final int errno;

    /**
     * @param call the system call or kernel request, for example {@code RTM_NEWADDR}
     * @param errno the positive error number, 0 if there is none
     * @param message what, on which object, the kernel's own words, and the remedy
     */
    public PlatformException(String call, int errno, String message) {
        super(Category.OPERATOR, message);
        this.call = call;
        this.errno = errno;
    }

    public PlatformException(String call, int errno, String message, Throwable cause) {
        super(Category.OPERATOR, message, cause);
        this.call = call;
        this.errno = errno;
    }

    public String call() {
        return call;
    }

    public int errno() {
        return errno;
    }
}
