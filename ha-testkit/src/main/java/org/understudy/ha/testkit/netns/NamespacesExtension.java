package org.understudy.ha.testkit.netns;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.opentest4j.TestAbortedException;
import org.understudy.ha.api.PlatformException;

/** Carries out {@link InNamespaces}. */
final class NamespacesExtension implements InvocationInterceptor {

    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws IOException, InterruptedException {
        invocation.skip();
        Namespaces namespaces = available();
        Path scratch = Files.createTempDirectory("understudy-test-");
        Path output = Files.createTempFile("understudy-test-", ".log");
        try {
            int status = namespaces.run(
                    scratch,
                    output,
                    Jvm.command(
                            256,
                            List.of("-Djava.io.tmpdir=" + scratch),
                            TestMain.class,
                            List.of(
                                    method.getTargetClass().getName(),
                                    method.getExecutable().getName())));
            String text = Files.readString(output);
            if (status != 0) {
                throw new AssertionError("inside the namespaces the test ended with status " + status + ":\n" + text);
            }
            System.out.print(text);
        } finally {
            Files.deleteIfExists(output);
        }
    }

    private static Namespaces available() {
        try {
            return Namespaces.available();
        } catch (PlatformException e) {
            if (Boolean.getBoolean("understudy.netns.optional")) {
                throw new TestAbortedException(e.getMessage(), e);
            }
            throw e;
        }
    }
}
