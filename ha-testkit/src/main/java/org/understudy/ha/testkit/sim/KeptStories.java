package org.understudy.ha.testkit.sim;

import java.util.SortedMap;
import java.util.TreeMap;

/** The stories that are kept among the resources, each with its recorded outcome. */
public final class KeptStories {

    private static final String DIRECTORY = "/org/understudy/ha/testkit/stories";
    private static final String SUFFIX = ".story";

    private KeptStories() {}

    /**
     * Every kept story by its name.
     *
     * @throws IllegalArgumentException naming the story that is not understood
     */
    public static SortedMap<String, Story> all() {
        SortedMap<String, Story> stories = new TreeMap<>();
        TextFiles.in(KeptStories.class, DIRECTORY, SUFFIX).forEach((name, text) -> {
            try {
                stories.put(name, Story.parse(text));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
            }
        });
        return stories;
    }
}
