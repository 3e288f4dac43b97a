package org.understudy.ha.samples.events;

import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.event.HaEvent;

/** Events as one flat JSON object a line, for programs that watch a node. */
public final class EventJson {
    private EventJson() {}

    public static String of(HaEvent event) {
        String text = "{\"nanos\":" + System.nanoTime();
        if (event instanceof HaEvent.GroupChanged changed) {
            GroupStatus status = changed.status();
            text += word("event", "group")
                    + word("group", status.group())
                    + word("state", status.state())
                    + status.holder().map(h -> word("holder", h)).orElse("")
                    + status.token().map(t -> ",\"token\":" + t).orElse("")
                    + status.proof().map(p -> word("proof", p)).orElse("")
                    + word("reason", status.reason());
        } else if (event instanceof HaEvent.NodeChanged changed) {
            text += word("event", "node") + word("state", changed.state()) + word("reason", changed.reason());
        } else if (event instanceof HaEvent.Alarm alarm) {
            text += word("event", "alarm") + word("subject", alarm.subject()) + word("reason", alarm.sentence());
        } else {
            text += word("event", "other") + word("reason", event);
        }
        return text + "}";
    }

    private static String word(String key, Object value) {
        String escaped =
                value.toString().replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("\\p{Cntrl}", " ");
        return ",\"" + key + "\":\"" + escaped + "\"";
    }
}
