package org.understudy.ha.membership.agents;

import java.util.Map;
import java.util.TreeMap;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.membership.agents.core.OcfAction;

/**
 * What instances of a promotable agent are told of one another: Pacemaker's {@code notify}.
 *
 * @param isBefore whether it is about to happen; otherwise it has
 * @param operation start, stop, promote or demote
 * @param lists who, by the end of the variable's name: {@code promote_uname} is given as {@code OCF_RESKEY_CRM_meta_notify_promote_uname}
 * @since 0.1.0
 */
public record OcfNotification(boolean isBefore, OcfAction operation, Map<String, String> lists) {
    private static final String PREFIX = "OCF_RESKEY_CRM_meta_notify_";

    /**
     * @throws ConfigurationException if it is none of the four operations, or a list has another name than Pacemaker's
     */
    public OcfNotification {
        switch (operation) {
            case START, STOP, PROMOTE, DEMOTE -> {}
            default ->
                throw new ConfigurationException("notify operation", operation, "use START, STOP, PROMOTE or DEMOTE");
        }
        lists = Map.copyOf(lists);
        lists.keySet().forEach(list -> {
            if (!list.matches("[a-z]+_(resource|uname)")) {
                throw new ConfigurationException(
                        "notify list", list, "write it as promote_uname or promote_resource, for example");
            }
        });
    }

    Map<String, String> environment() {
        Map<String, String> environment = new TreeMap<>();
        environment.put(PREFIX + "type", isBefore ? "pre" : "post");
        environment.put(PREFIX + "operation", operation.word());
        lists.forEach((list, value) -> environment.put(PREFIX + list, value));
        return environment;
    }
}
