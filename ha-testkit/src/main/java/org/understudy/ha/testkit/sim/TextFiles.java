package org.understudy.ha.testkit.sim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Texts that are kept among the resources. */
public final class TextFiles {

    private TextFiles() {}

    /**
     * Every text of a directory, by the name of its file without its suffix.
     *
     * @param near the class beside which the directory lies, unless the name begins with a slash
     * @throws IllegalStateException if there is no such directory or it cannot be read
     */
    public static SortedMap<String, String> in(Class<?> near, String directory, String suffix) {
        URL url = near.getResource(directory);
        if (url == null) {
            throw new IllegalStateException("no directory " + directory + " among the resources of ha-testkit");
        }
        try {
            URI uri = url.toURI();
            if (!uri.getScheme().equals("jar")) {
                return in(Path.of(uri), suffix);
            }
            try (FileSystem jar = FileSystems.newFileSystem(uri, Map.of())) {
                return in(jar.getPath(uri.toString().substring(uri.toString().indexOf("!/") + 1)), suffix);
            }
        } catch (URISyntaxException | IOException e) {
            throw new IllegalStateException("cannot read the texts at " + url, e);
        }
    }

    private static SortedMap<String, String> in(Path directory, String suffix) throws IOException {
        SortedMap<String, String> texts = new TreeMap<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(suffix)) {
                    texts.put(name.substring(0, name.length() - suffix.length()), Files.readString(file));
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return texts;
    }
}
