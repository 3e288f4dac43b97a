package org.understudy.ha.membership.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.membership.agents.core.OcfAction;
import org.understudy.ha.membership.agents.core.OcfMetadata;
import org.understudy.ha.membership.agents.core.OcfParameter;

@Timeout(30)
class MetadataReaderTest {
    /** In the form of those that agents ship. */
    static final String STORE = """
        <?xml version="1.0"?>
        <!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
        <resource-agent name="Store" version="1.0">
        <version>1.1</version>
        <longdesc lang="en">Keeps &lt;things&gt;.</longdesc>
        <parameters>
        <parameter name="device" required="1" unique-group="d"><content type="string" default="" /></parameter>
        <parameter name="fast"><content type="boolean" default="no" /></parameter>
        <parameter name="mode"><content type="select" default="a"><option value="a"/><option value="b"/></content></parameter>
        <parameter name="bare"/>
        </parameters>
        <actions>
        <action name="start" timeout="60s" />
        <action name="stop" timeout="2m30s" />
        <action name="monitor" depth="0" timeout="20" interval="10s" role="Promoted" />
        <action name="monitor" depth="10" timeout="40" interval="1m" />
        </actions>
        <special tag="x"><anything/></special>
        </resource-agent>
        """;

    private static OcfMetadata read(String xml) {
        return MetadataReader.read(xml, "agent a program", "/a");
    }

    @Test
    void what_an_agent_says_is_read() {
        OcfMetadata store = read(STORE);
        assertThat(store.name()).isEqualTo("Store");
        assertThat(store.minor()).isEqualTo(1);
        assertThat(store.parameters()).map(OcfParameter::name).containsExactly("device", "fast", "mode", "bare");
        assertThat(store.parameters()).map(OcfParameter::isRequired).containsExactly(true, false, false, false);
        assertThat(store.parameters().get(2).options()).containsExactly("a", "b");
        assertThat(store.timeout(OcfAction.STOP)).isEqualTo(Duration.ofSeconds(150));
        assertThat(store.interval(10, false)).isEqualTo(Duration.ofMinutes(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.0", "1", "0.9.1", "", "11.1"})
    void a_version_that_is_not_one_of_the_standard_is_the_oldest(String version) {
        assertThat(read(STORE.replace("<version>1.1<", "<version>" + version + "<"))
                        .minor())
                .isZero();
    }

    @Test
    void no_entity_is_looked_up_or_expanded(@TempDir Path directory) throws IOException {
        Path secret = Files.writeString(directory.resolve("secret"), "geheim");
        String declared = STORE.replace(
                "SYSTEM \"ra-api-1.dtd\"", "[<!ENTITY x SYSTEM \"" + secret.toUri() + "\"> <!ENTITY y 'expanded'>]");
        for (String reference : new String[] {"&x;", "&y;", "none"}) {
            assertThatThrownBy(() -> read(declared.replace("Keeps", reference)))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("DOCTYPE")
                    .hasMessageNotContaining("geheim");
        }
    }

    @Test
    void the_type_of_the_document_is_not_fetched(@TempDir Path directory) throws IOException {
        Path types = Files.writeString(directory.resolve("types.dtd"), "<!ENTITY y 'expanded'>");
        String named = STORE.replace("ra-api-1.dtd", types.toUri().toString());
        assertThat(read(named).name()).isEqualTo("Store");
        assertThatThrownBy(() -> read(named.replace("Keeps", "&y;")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("line 5");
    }

    @Test
    void a_second_type_is_refused() {
        assertThatThrownBy(() -> read(STORE.replace("<resource-agent", "<!DOCTYPE resource-agent>\n<resource-agent")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("line 3");
    }

    @Test
    void a_mistake_is_named_with_its_line() {
        assertThatThrownBy(() -> read(STORE.replace("</parameters>", "")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("agent a program = /a: its metadata cannot be read: line 1");
        assertThatThrownBy(() -> read("")).isInstanceOf(ConfigurationException.class);
        assertThatThrownBy(() -> read("<html/>")).hasMessageContaining("they begin with <html>");
    }
}
