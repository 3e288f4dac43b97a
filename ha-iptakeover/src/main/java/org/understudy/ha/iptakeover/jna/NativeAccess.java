package org.understudy.ha.iptakeover.jna;

import org.understudy.ha.api.PlatformException;

/** Whether native calls can be made at all. Refers to nothing of JNA itself, so that it can say so when JNA is missing. */
public final class NativeAccess {
    private NativeAccess() {}

    /**
     * Why native calls cannot be made here, one sentence with the remedy, or an empty string. The first call loads the
     * native part (about 50 ms); never throws.
     */
    public static String unavailableBecause() {
        try {
            return Libc.loadProblem();
        } catch (LinkageError e) {
            return "JNA is missing or too old (" + e.getClass().getSimpleName() + ": " + e.getMessage()
                    + "): put net.java.dev.jna:jna 5.19 on the class path of this node";
        }
    }

    /**
     * @throws PlatformException if native calls cannot be made
     */
    public static void require() {
        String reason = unavailableBecause();
        if (!reason.isEmpty()) {
            throw new PlatformException("dlopen", 0, reason);
        }
    }
}
