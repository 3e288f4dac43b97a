package org.understudy.ha.testkit.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.management.ManagementFactory;
import java.util.List;

/** What Jazzer calls: one target, and a limit to what it may allocate for an input. */
public final class FuzzEntry {
    /** Names the target's class. */
    static final String TARGET = "fuzz.target";
    /** Begins the line that says, at the end, what the hungriest input allocated. */
    static final String PEAK = "peak allocation: ";

    /** Checking one Ed25519 signature takes some 90 000; everything else a tenth of that. */
    private static final long ALLOWED_ALWAYS = 256 * 1024;
    /** A machine that handles what it is told takes some 250. */
    private static final long ALLOWED_FOR_EACH_BYTE = 1024;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static MethodHandle target = MethodHandles.empty(MethodType.methodType(void.class, byte[].class));
    private static double peakShare;
    private static String peak = "none";

    private FuzzEntry() {}

    public static void fuzzerInitialize() throws ReflectiveOperationException {
        target = MethodHandles.publicLookup()
                .findStatic(
                        Class.forName(System.getProperty(TARGET)),
                        "fuzzerTestOneInput",
                        MethodType.methodType(void.class, byte[].class));
    }

    public static void fuzzerTestOneInput(byte[] bytes) throws Throwable {
        long limit = ALLOWED_ALWAYS + ALLOWED_FOR_EACH_BYTE * bytes.length;
        long used = allocatedFor(bytes);
        if ((double) used / limit > peakShare) {
            // The first time also loads classes and links code.
            used = Math.min(used, allocatedFor(bytes));
        }
        double share = (double) used / limit;
        if (share > peakShare) {
            peakShare = share;
            peak = used + " bytes for an input of " + bytes.length + ", allowed " + limit;
        }
        if (used > limit) {
            throw new AssertionError("allocated " + peak);
        }
    }

    public static void fuzzerTearDown() {
        System.err.println(PEAK + peak);
    }

    @SuppressWarnings("unchecked")
    static List<byte[]> seeds(Class<?> type) throws ReflectiveOperationException {
        return (List<byte[]>) type.getMethod("seeds").invoke(null);
    }

    private static long allocatedFor(byte[] bytes) throws Throwable {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        target.invokeExact(bytes);
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }
}
