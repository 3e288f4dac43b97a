package org.understudy.ha.membership.agents;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.understudy.ha.api.ConfigurationException;

class MetadataReaderProperties {
    private static final String STORE = MetadataReaderTest.STORE;

    @Property(tries = 300)
    void a_beginning_of_metadata_is_refused_and_nothing_else_happens(@ForAll @IntRange(max = 1100) int length) {
        String part = STORE.strip().substring(0, Math.min(length, STORE.strip().length() - 1));
        assertThat(isRead(part)).isFalse();
    }

    @Property(tries = 500)
    void any_change_is_read_or_refused(@ForAll @IntRange(max = 1100) int at, @ForAll char what) {
        int place = Math.min(at, STORE.length() - 1);
        isRead(STORE.substring(0, place) + what + STORE.substring(place + 1));
    }

    private static boolean isRead(String xml) {
        try {
            MetadataReader.read(xml, "agent a program", "/a");
            return true;
        } catch (ConfigurationException e) {
            return false;
        }
    }
}
