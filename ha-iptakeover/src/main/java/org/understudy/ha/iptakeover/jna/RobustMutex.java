package org.understudy.ha.iptakeover.jna;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.understudy.ha.api.PlatformException;

/**
 * A mutex in shared memory that tells whoever waits for it that its owner is gone, {@code pthread_mutexattr_setrobust(3)}. The kernel
 * does so when the owning thread has left user space for good ({@code exit_robust_list} of {@code kernel/futex/core.c}), before the memory
 * and the files of its process are given back. The processes must use the same C library.
 *
 * <p>Hold a reference to it while it is locked or waited for: its mapping goes with it.
 */
public final class RobustMutex {
    /** How long the file is. */
    private static final int FILE_BYTES = 4096;

    /** More than {@code pthread_mutexattr_t} has anywhere. */
    private static final int ATTRIBUTES_BYTES = 64;

    private static final int PROCESS_SHARED = 1;
    private static final int ROBUST = 1;
    private static final int EOWNERDEAD = 130;

    private final Path file;
    private final MappedByteBuffer memory;
    private final Pointer mutex;

    private RobustMutex(Path file, MappedByteBuffer memory) {
        this.file = file;
        this.memory = memory;
        this.mutex = Native.getDirectBufferPointer(memory);
    }

    /** Of the whole process and not of one library: a C library before glibc 2.34 keeps the mutexes apart. */
    private static final class C {
        private C() {}

        static {
            Native.register(C.class, NativeLibrary.getProcess());
        }

        static native int pthread_mutexattr_init(Pointer attributes);

        static native int pthread_mutexattr_setpshared(Pointer attributes, int shared);

        static native int pthread_mutexattr_setrobust(Pointer attributes, int robust);

        static native int pthread_mutex_init(Pointer mutex, Pointer attributes);

        static native int pthread_mutex_lock(Pointer mutex);

        static native int pthread_mutex_unlock(Pointer mutex);
    }

    /**
     * Makes one.
     *
     * @param file on a memory file system, which nobody else has opened yet
     * @throws PlatformException if the file cannot be mapped, or the C library has no such mutexes
     */
    public static RobustMutex create(Path file) {
        RobustMutex made = open(file);
        try (Memory attributes = new Memory(ATTRIBUTES_BYTES)) {
            attributes.clear();
            made.require("pthread_mutexattr_init", C.pthread_mutexattr_init(attributes));
            made.require("pthread_mutexattr_setpshared", C.pthread_mutexattr_setpshared(attributes, PROCESS_SHARED));
            made.require("pthread_mutexattr_setrobust", C.pthread_mutexattr_setrobust(attributes, ROBUST));
            made.require("pthread_mutex_init", C.pthread_mutex_init(made.mutex, attributes));
            return made;
        } catch (LinkageError e) {
            throw new PlatformException(
                    "pthread_mutexattr_setrobust", 0, "this C library has no robust mutexes: " + e.getMessage(), e);
        }
    }

    /**
     * Opens one that another process made.
     *
     * @throws PlatformException if the file cannot be mapped
     */
    public static RobustMutex open(Path file) {
        NativeAccess.require();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return new RobustMutex(file, channel.map(FileChannel.MapMode.READ_WRITE, 0, FILE_BYTES));
        } catch (IOException e) {
            throw new PlatformException("mmap", 0, file + " cannot be mapped: " + e, e);
        }
    }

    private void require(String call, int error) {
        if (error != 0) {
            throw new PlatformException(call, error, call + ": " + Libc.errnoName(error) + " for " + file);
        }
    }

    /**
     * Waits for the mutex, not interruptibly.
     *
     * @return true if the thread that owned it is gone and had not unlocked it
     */
    public boolean lock() {
        try {
            int error = C.pthread_mutex_lock(mutex);
            if (error == EOWNERDEAD) {
                return true;
            }
            require("pthread_mutex_lock", error);
            return false;
        } finally {
            Reference.reachabilityFence(memory);
        }
    }

    /** By the thread that locked it. */
    public void unlock() {
        try {
            require("pthread_mutex_unlock", C.pthread_mutex_unlock(mutex));
        } finally {
            Reference.reachabilityFence(memory);
        }
    }
}
