package org.understudy.ha.testkit.sabotage;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardLocation;
import javax.tools.ToolProvider;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.iptakeover.core.GateMachine;
import org.understudy.ha.membership.core.NodeMachine;

/**
 * The library with some of its sources changed. Compiles those in memory and loads them together with a copy of every other
 * class of the library, so that packages stay whole; only what is not ours comes from the parent.
 */
final class PatchedClasses extends ClassLoader {

    private static final String OURS = "org.understudy.ha.";

    private final Map<String, byte[]> patched;

    private PatchedClasses(ClassLoader parent, Map<String, byte[]> patched) {
        super("patched", parent);
        this.patched = patched;
    }

    /**
     * Patches, compiles and prepares.
     *
     * @param checkout where the sources are
     * @throws IllegalStateException if there is no compiler, a source is missing, a patch does not fit, or the result does
     *     not compile; the message says which
     */
    static PatchedClasses of(Path checkout, List<PlantedBug.Patch> patches) {
        Map<String, String> sources = new LinkedHashMap<>();
        for (PlantedBug.Patch patch : patches) {
            String text = sources.computeIfAbsent(patch.source(), path -> read(checkout.resolve(path)));
            sources.put(patch.source(), patch.apply(text));
        }
        return new PatchedClasses(PatchedClasses.class.getClassLoader(), compile(sources));
    }

    /** The checkout that the working directory is in. */
    static Path checkout() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isDirectory(at.resolve("ha-membership/src/main/java"))) {
                return at;
            }
        }
        throw new IllegalStateException("no sources of the library at or above "
                + Path.of("").toAbsolutePath() + ": bugs are planted into sources, so run this in a checkout");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new IllegalStateException("cannot read " + file + ": bring the file of this bug up to the source", e);
        }
    }

    private static Map<String, byte[]> compile(Map<String, String> sources) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        if (compiler == null) {
            throw new IllegalStateException("this Java has no compiler: run it on a JDK, not on a JRE");
        }
        List<JavaFileObject> units = new ArrayList<>();
        sources.forEach((path, text) -> units.add(new Source(path, text)));
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        Map<String, ByteArrayOutputStream> compiled = new TreeMap<>();
        try (InMemory files = new InMemory(compiler.getStandardFileManager(problems, Locale.ROOT, null), compiled)) {
            List<String> options = List.of("-nowarn", "-proc:none", "-implicit:none", "-g", "-cp", classPath());
            if (!compiler.getTask(null, files, problems, options, null, units).call()) {
                StringBuilder what = new StringBuilder("the patched sources do not compile:");
                for (Diagnostic<? extends JavaFileObject> problem : problems.getDiagnostics()) {
                    what.append('\n').append(problem);
                }
                throw new IllegalStateException(what.toString());
            }
        } catch (IOException e) {
            throw new IllegalStateException("cannot compile in memory", e);
        }
        Map<String, byte[]> classes = new TreeMap<>();
        compiled.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
        return classes;
    }

    /** From where the classes came, rather than from a property: a launcher may hide the class path in a manifest. */
    private static String classPath() {
        List<String> parts = new ArrayList<>();
        for (Class<?> type :
                List.of(NodeId.class, NodeMachine.class, GateMachine.class, Trial.class, NullMarked.class)) {
            try {
                parts.add(Path.of(type.getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toURI())
                        .toString());
            } catch (URISyntaxException e) {
                throw new IllegalStateException("cannot find where " + type + " was loaded from", e);
            }
        }
        return String.join(System.getProperty("path.separator"), parts);
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(OURS)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> known = findLoadedClass(name);
            Class<?> loaded = known == null ? findClass(name) : known;
            if (resolve) {
                resolveClass(loaded);
            }
            return loaded;
        }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] bytes = patched.get(name);
        if (bytes == null) {
            try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                bytes = in.readAllBytes();
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
        return defineClass(name, bytes, 0, bytes.length);
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        private Source(String path, String text) {
            super(URI.create("string:///" + path.substring(path.indexOf("/java/") + 6)), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    /** Keeps what is compiled in memory. */
    private static final class InMemory extends ForwardingJavaFileManager<JavaFileManager> {
        private final Map<String, ByteArrayOutputStream> compiled;

        private InMemory(JavaFileManager files, Map<String, ByteArrayOutputStream> compiled) {
            super(files);
            this.compiled = compiled;
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
                Location location, String name, JavaFileObject.Kind kind, @Nullable FileObject sibling)
                throws IOException {
            if (location != StandardLocation.CLASS_OUTPUT) {
                return super.getJavaFileForOutput(location, name, kind, sibling);
            }
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            compiled.put(name, bytes);
            return new SimpleJavaFileObject(URI.create("memory:///" + name.replace('.', '/') + kind.extension), kind) {
                @Override
                public OutputStream openOutputStream() {
                    return bytes;
                }
            };
        }
    }
}
