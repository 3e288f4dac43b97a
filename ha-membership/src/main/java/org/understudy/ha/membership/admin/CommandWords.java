package org.understudy.ha.membership.admin;

import java.util.regex.Pattern;
import org.understudy.ha.membership.core.admin.AdminAnswer;
import org.understudy.ha.membership.core.admin.Value;
import org.understudy.ha.membership.core.admin.Value.Field;
import org.understudy.ha.membership.core.admin.Value.Fields;
import org.understudy.ha.membership.core.admin.Value.Rows;
import org.understudy.ha.membership.core.admin.Value.Text;

/** Answers for whoever has commands and no Java: a sentence that names a method names its command instead. Pure. */
final class CommandWords {

    private static final Pattern METHOD =
            Pattern.compile("(?:operator\\(\\)\\.)?\\b(forceRecord|confirmDown|vouchForDisk)\\(\\)");

    private CommandWords() {}

    static AdminAnswer in(AdminAnswer answer) {
        return new AdminAnswer(answer.outcome(), in(answer.sentence()), in(answer.body()));
    }

    private static String in(String sentence) {
        return METHOD.matcher(sentence).replaceAll(found -> switch (found.group(1)) {
            case "forceRecord" -> "force-record";
            case "confirmDown" -> "confirm-down";
            default -> "vouch-for-disk";
        });
    }

    private static Value in(Value value) {
        if (value instanceof Text text) {
            return new Text(in(text.text()));
        } else if (value instanceof Rows rows) {
            return new Rows(rows.rows().stream().map(CommandWords::in).toList());
        } else if (value instanceof Fields fields) {
            return new Fields(fields.fields().stream()
                    .map(field -> new Field(field.name(), in(field.value())))
                    .toList());
        }
        return value;
    }
}
