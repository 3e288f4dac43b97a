package org.understudy.ha.membership.jmx;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.Metrics.Metric;
import org.understudy.ha.api.NodeId;

/** Registers a node in the platform's MBean server until it is closed. */
public final class NodeBean implements NodeMXBean, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(NodeBean.class);
    private static final int DECISIONS = 100;

    private final HaNode node;
    private final ObjectName name;

    private NodeBean(HaNode node, ObjectName name) {
        this.node = node;
        this.name = name;
    }

    /** Empty, with a warning, if the name is taken or the server refuses: a node that nobody can look at is better than none. */
    public static Optional<NodeBean> register(HaNode node, String cluster) {
        try {
            // Names of clusters and nodes are letters, digits and hyphens: nothing has to be quoted.
            NodeBean bean = new NodeBean(
                    node, new ObjectName("org.understudy.ha:type=Node,cluster=" + cluster + ",name=" + node.id()));
            server().registerMBean(bean, bean.name);
            return Optional.of(bean);
        } catch (JMException | SecurityException e) {
            LOG.warn("node {} is not shown by JMX: {}", node.id(), e.toString());
            return Optional.empty();
        }
    }

    private static MBeanServer server() {
        return ManagementFactory.getPlatformMBeanServer();
    }

    @Override
    public String getState() {
        return node.state().name();
    }

    @Override
    public boolean isLive() {
        return node.metrics().health().isLive();
    }

    @Override
    public boolean isReady() {
        return node.metrics().health().isReady();
    }

    @Override
    public String getReason() {
        return node.metrics().health().reason();
    }

    @Override
    public boolean isOwner() {
        return node.metrics().health().mayOwn();
    }

    @Override
    public String getWhyNoOwner() {
        return node.metrics().health().whyNoOwner();
    }

    @Override
    public List<String> getMembers() {
        return node.membership().view().members().stream().map(NodeId::value).toList();
    }

    @Override
    public List<String> getGroups() {
        List<String> lines = new ArrayList<>();
        for (GroupStatus status : node.resources().status()) {
            lines.add(status.group() + ' ' + status.state()
                    + status.holder()
                            .filter(holder -> status.isHeld())
                            .map(Incarnation::toString)
                            .map(h -> " of " + h)
                            .orElse("")
                    + status.token()
                            .map(FencingToken::toString)
                            .map(t -> " token " + t)
                            .orElse("")
                    + ": " + status.reason());
        }
        return lines;
    }

    @Override
    public List<String> getDecisions() {
        return node.history().newest(DECISIONS).stream().map(Decision::sentence).toList();
    }

    @Override
    public Map<String, Double> getMetrics() {
        Map<String, Double> values = new TreeMap<>();
        for (Metric metric : node.metrics().values()) {
            Map<String, String> own = new TreeMap<>(metric.tags());
            own.keySet().removeAll(List.of("cluster", "node"));
            values.put(own.isEmpty() ? metric.name() : metric.name() + own, metric.value());
        }
        return values;
    }

    @Override
    public void close() {
        try {
            server().unregisterMBean(name);
        } catch (InstanceNotFoundException e) {
            LOG.debug("{} was unregistered by somebody else", name);
        } catch (JMException e) {
            LOG.warn("{} could not be unregistered", name, e);
        }
    }
}
