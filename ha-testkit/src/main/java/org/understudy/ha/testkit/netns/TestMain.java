package org.understudy.ha.testkit.netns;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

/** The program that runs one test method inside the namespaces; see {@link InNamespaces}. */
final class TestMain {
    private TestMain() {}

    public static void main(String[] arguments) throws ReflectiveOperationException {
        Constructor<?> constructor = Class.forName(arguments[0]).getDeclaredConstructor();
        constructor.setAccessible(true);
        Object test = constructor.newInstance();
        Method method = test.getClass().getDeclaredMethod(arguments[1]);
        method.setAccessible(true);
        int status = 0;
        try {
            method.invoke(test);
        } catch (InvocationTargetException e) {
            e.getCause().printStackTrace();
            status = 1;
        }
        // Threads the test forgot must not keep the namespaces alive.
        System.out.flush();
        Runtime.getRuntime().halt(status);
    }
}
