package org.understudy.ha.testkit.netns;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs each test method of a JUnit 5 class in a JVM of its own inside private namespaces ({@link Namespaces}), where it may
 * build a {@link Lab}.
 *
 * <p>There the class is made with its constructor without parameters and the method is called; lifecycle methods and
 * parameters are not supported. The test fails with the output of that JVM if the method throws. Where namespaces cannot be had
 * the test fails and says why, because a suite that skips itself proves nothing; with the system property
 * {@code understudy.netns.optional=true} it is skipped instead.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NamespacesExtension.class)
public @interface InNamespaces {}
