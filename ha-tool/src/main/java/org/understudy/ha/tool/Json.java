package org.understudy.ha.tool;

import org.understudy.ha.membership.core.admin.AdminAnswer;
import org.understudy.ha.membership.core.admin.Value;

/** Answers as one JSON object on one line. */
final class Json {

    private Json() {}

    static String of(AdminAnswer answer) {
        StringBuilder text = new StringBuilder("{\"outcome\":");
        quote(text, answer.outcome().name());
        text.append(",\"sentence\":");
        quote(text, answer.sentence());
        text.append(",\"body\":");
        write(text, answer.body());
        return text.append('}').toString();
    }

    private static void write(StringBuilder text, Value value) {
        if (value instanceof Value.Text string) {
            quote(text, string.text());
        } else if (value instanceof Value.Whole whole) {
            text.append(whole.number());
        } else if (value instanceof Value.Real real) {
            // JSON has no infinity and no "not a number".
            text.append(Double.isFinite(real.number()) ? String.valueOf(real.number()) : "null");
        } else if (value instanceof Value.Flag flag) {
            text.append(flag.isSet());
        } else if (value instanceof Value.Rows rows) {
            text.append('[');
            String before = "";
            for (Value row : rows.rows()) {
                write(text.append(before), row);
                before = ",";
            }
            text.append(']');
        } else if (value instanceof Value.Fields fields) {
            text.append('{');
            String before = "";
            for (Value.Field field : fields.fields()) {
                quote(text.append(before), field.name());
                write(text.append(':'), field.value());
                before = ",";
            }
            text.append('}');
        } else {
            text.append("null");
        }
    }

    private static void quote(StringBuilder text, String string) {
        text.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < 0x20 || c == 0x7f || Character.isSurrogate(c) || c == '\u2028' || c == '\u2029') {
                text.append(String.format("\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }
}
