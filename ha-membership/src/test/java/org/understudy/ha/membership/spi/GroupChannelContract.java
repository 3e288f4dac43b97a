package org.understudy.ha.membership.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.GroupChannel;
import org.understudy.ha.membership.jgroups.Wiretap;

/** What {@link GroupChannel} promises, for every implementation. The cluster has the nodes a, b and c. */
@Timeout(60)
public abstract class GroupChannelContract {
    protected static final NodeId A = NodeId.of("a");
    protected static final NodeId B = NodeId.of("b");
    protected static final NodeId C = NodeId.of("c");

    private final List<GroupChannel> made = new ArrayList<>();

    /** A channel of that node, not started. All channels of one test belong to one cluster. */
    protected abstract GroupChannel channel(NodeId node);

    @AfterEach
    void close_all() {
        made.forEach(GroupChannel::close);
    }

    @Test
    void being_alone_is_a_success() {
        Wiretap a = start(A);

        assertThat(a.awaitView("a")).containsExactly(A);
    }

    @Test
    void nodes_that_reach_each_other_agree_on_the_members_and_the_coordinator() {
        Wiretap a = start(A);
        Wiretap b = start(B);
        Wiretap c = start(C);

        List<NodeId> seen = a.awaitView("a", "b", "c");
        assertThat(b.awaitView("a", "b", "c").get(0)).isEqualTo(seen.get(0));
        assertThat(c.awaitView("a", "b", "c").get(0)).isEqualTo(seen.get(0));
    }

    @Test
    void a_frame_arrives_with_its_bytes_and_its_sender() {
        GroupChannel a = make(A);
        Wiretap atA = new Wiretap();
        a.start(atA);
        GroupChannel b = make(B);
        Wiretap atB = new Wiretap();
        b.start(atB);

        a.send(B, bytes("to b"));
        b.send(A, bytes("to a"));
        a.send(A, bytes("to myself"));
        a.send(B, new byte[64 * 1024]);

        atB.awaitFrame("a:to b");
        atA.awaitFrame("b:to a");
        atA.awaitFrame("a:to myself");
        atB.awaitFrame("a:65536 bytes");
    }

    @Test
    void send_never_blocks_and_never_throws() {
        GroupChannel a = make(A);
        assertThatCode(() -> a.send(B, bytes("before the start"))).doesNotThrowAnyException();
        a.start(new Wiretap());
        assertThatCode(() -> {
                    for (int i = 0; i < 10_000; i++) {
                        a.send(B, new byte[1024]);
                    }
                    a.send(NodeId.of("unheard-of"), bytes("lost"));
                    a.send(A, new byte[1024 * 1024]);
                })
                .doesNotThrowAnyException();
        a.close();
        assertThatCode(() -> a.send(A, bytes("after the end"))).doesNotThrowAnyException();
    }

    @Test
    void close_is_idempotent_and_the_others_see_the_node_leave() {
        Wiretap a = start(A);
        GroupChannel b = make(B);
        b.start(new Wiretap());
        a.awaitView("a", "b");

        b.close();
        b.close();

        a.awaitView("a");
    }

    @Test
    void a_channel_that_never_started_can_be_closed_and_a_closed_one_not_started() {
        GroupChannel a = make(A);
        a.close();

        assertThatThrownBy(() -> a.start(new Wiretap())).isInstanceOf(HaException.class);
    }

    @Test
    void a_node_that_left_comes_back() {
        Wiretap a = start(A);
        GroupChannel first = make(B);
        first.start(new Wiretap());
        a.awaitView("a", "b");
        first.close();
        a.awaitView("a");

        Wiretap again = start(B);

        again.awaitView("a", "b");
        a.awaitView("a", "b");
    }

    private GroupChannel make(NodeId node) {
        GroupChannel channel = channel(node);
        made.add(channel);
        return channel;
    }

    private Wiretap start(NodeId node) {
        Wiretap wiretap = new Wiretap();
        make(node).start(wiretap);
        return wiretap;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
