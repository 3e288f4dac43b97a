package org.understudy.ha.api.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.StringLength;
import org.understudy.ha.api.ConfigurationException;

@Tag("property")
class HaNodeBuilderProperties {

    @Property
    void any_words_are_taken_as_they_are_or_named_as_mistakes(
            @ForAll @StringLength(max = 80) String cluster,
            @ForAll @StringLength(max = 80) String node,
            @ForAll @StringLength(max = 20) String port) {
        try {
            NodeConfig config = HaNodeBuilder.create()
                    .cluster(cluster)
                    .node(node)
                    .peer(node, "10.0.0.1:" + port)
                    .stateDirectory(Path.of("state"))
                    .insecure()
                    .validate();
            assertThat(config.cluster()).isEqualTo(cluster);
            assertThat(config.node().value()).isEqualTo(node);
            assertThat(config.self().links().get(0).getPort()).isEqualTo(Integer.parseInt(port));
        } catch (ConfigurationException mistakes) {
            assertThat(mistakes.problems())
                    .isNotEmpty()
                    .allSatisfy(each -> assertThat(each.remedy()).isNotBlank());
        }
    }
}
