/**
 * The C library by direct mapping. The only package that imports {@code com.sun.jna}; only {@code linux} may use it. No
 * policy lives here.
 *
 * <p><b>Newer JDKs.</b> From JDK 24 on the JVM prints a warning when native code is loaded without
 * {@code --enable-native-access=ALL-UNNAMED} ({@code =com.sun.jna} on the module path), and a later JDK will refuse it. A
 * library cannot set that flag; the launcher of the application has to (or {@code Enable-Native-Access} in the manifest of
 * an executable jar). JDK 17 needs nothing.
 *
 * <p><b>Where the native part lands.</b> JNA unpacks its library into a temporary directory and maps it executable. Where
 * {@code /tmp} is mounted {@code noexec} give {@code -Djna.tmpdir=DIR}; where unpacking is unwanted give
 * {@code -Djna.boot.library.path=DIR}.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.iptakeover.jna;

import org.jspecify.annotations.NullMarked;
