package org.understudy.ha.membership.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.PromotableResource;

class PartTest {
    private static final NodeId A = NodeId.of("a");
    private static final NodeId B = NodeId.of("b");
    private static final NodeId C = NodeId.of("c");
    private static final List<NodeId> ALL = List.of(A, B, C);

    @Test
    void a_group_on_one_node_is_one_part_under_its_own_name() {
        Group group = Group.named("files")
                .prefer("b", "a")
                .resource("disk", new Plain())
                .build();
        assertThat(Part.of(group, ALL, A))
                .containsExactly(new Part("files", Role.WHOLE, 0, List.of(B, A), 0, group.resources(), Placement.NONE));
    }

    @Test
    void each_copy_prefers_another_node_first() {
        Group preferring = Group.named("web")
                .prefer("a", "b", "c")
                .copies(3)
                .resource("server", new Plain())
                .build();
        assertThat(Part.of(preferring, ALL, B))
                .extracting(Part::preferred)
                .containsExactly(List.of(A, B, C), List.of(B, C, A), List.of(C, A, B));

        Group any = Group.named("web").copies(3).resource("server", new Plain()).build();
        for (NodeId node : ALL) {
            int mine = ALL.indexOf(node);
            List<Part> parts = Part.of(any, ALL, node);
            assertThat(parts.get(mine).priority())
                    .as("copy %s on %s", mine + 1, node)
                    .isZero();
            assertThat(parts).extracting(Part::priority).containsExactlyInAnyOrder(0, -1, -2);
        }
    }

    @Test
    void the_promoted_role_has_what_can_be_promoted_and_what_goes_with_it() {
        Group group = Group.named("db")
                .prefer("a")
                .copies(2)
                .promotable()
                .resource("disk", new Plain())
                .resource("db", new Roles())
                .resourceWithPromoted("address", new Plain())
                .build();
        List<Part> parts = Part.of(group, ALL, A);
        assertThat(parts).extracting(Part::name).containsExactly("db#1", "db#2", "db!promoted");
        assertThat(parts.get(0).entries()).extracting(Group.Entry::name).containsExactly("disk", "db");
        assertThat(parts.get(2).entries()).extracting(Group.Entry::name).containsExactly("db", "address");
        assertThat(parts.get(2).preferred()).as("the score decides").isEmpty();
    }

    @Test
    void copies_are_apart_and_the_promoted_role_takes_no_room_of_its_own() {
        Placement rules = Placement.rules().needs("memory", 4).apart("batch").build();
        Group group = Group.named("db")
                .copies(2)
                .promotable()
                .resource("db", new Roles())
                .placement(rules)
                .build();
        List<Part> parts = Part.of(group, ALL, A);
        assertThat(parts.get(1).placement()).isEqualTo(rules.alsoApartFrom("db"));
        assertThat(parts.get(1).placement().apart()).containsExactly("batch", "db");
        assertThat(parts.get(2).placement()).isEqualTo(Placement.NONE);
    }

    @Test
    void a_name_in_the_record_tells_what_it_is() {
        assertThat(Part.groupOf("db#12")).isEqualTo("db");
        assertThat(Part.copyOf("db#12")).isEqualTo(12);
        assertThat(Part.roleOf("db#12")).isEqualTo(Role.COPY);
        assertThat(Part.title("db#12")).isEqualTo("db copy 12");
        assertThat(Part.groupOf("db!promoted")).isEqualTo("db");
        assertThat(Part.roleOf("db!promoted")).isEqualTo(Role.PROMOTED);
        assertThat(Part.title("db!promoted")).isEqualTo("db promoted");
        for (String whole : List.of("db", "election:db", "db-promoted", "db.1")) {
            assertThat(Part.groupOf(whole)).isEqualTo(whole);
            assertThat(Part.roleOf(whole)).isEqualTo(Role.WHOLE);
            assertThat(Part.copyOf(whole)).isZero();
        }
        assertThat(Part.copyOf("db#x")).isZero();
        for (String name : List.of("db", "db#12", "db!promoted", "election:db")) {
            assertThat(Part.named(Part.title(name))).isEqualTo(name);
            assertThat(Part.named(name)).isEqualTo(name);
        }
    }

    private static class Plain implements ManagedResource {
        @Override
        public void start(StartContext context) {
            // Nothing runs.
        }

        @Override
        public void stop(StopContext context) {
            // Nothing runs.
        }

        @Override
        public Health monitor() {
            return Health.healthy();
        }
    }

    private static final class Roles extends Plain implements PromotableResource {
        @Override
        public void promote(StartContext context) {
            // Nothing runs.
        }

        @Override
        public void demote(StopContext context) {
            // Nothing runs.
        }
    }
}
