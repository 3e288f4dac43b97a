package org.understudy.ha.tool;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.understudy.ha.membership.core.admin.Value;

/** Answers for people. What a node quotes from elsewhere cannot move the cursor. */
final class Table {

    private Table() {}

    /** A list of objects as a table with those of these columns that they have; the last one is as wide as it likes. */
    static String of(Value.Rows rows, List<String> wanted) {
        List<String> columns = wanted.stream()
                .filter(column -> rows.rows().isEmpty() || has(rows.rows().get(0), column))
                .toList();
        List<List<String>> lines = new ArrayList<>();
        lines.add(columns.stream().map(c -> c.toUpperCase(Locale.ROOT)).toList());
        for (Value row : rows.rows()) {
            lines.add(columns.stream().map(c -> cell(row, c)).toList());
        }
        StringBuilder text = new StringBuilder();
        for (List<String> line : lines) {
            StringBuilder one = new StringBuilder();
            for (int column = 0; column < columns.size(); column++) {
                one.append(column == 0 ? "" : "  ").append(padded(line.get(column), width(lines, column)));
            }
            text.append(one.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    /** An object, a line for each field but the lists. */
    static String of(Value.Fields fields) {
        int width = fields.fields().stream()
                .mapToInt(f -> label(f.name()).length())
                .max()
                .orElse(0);
        StringBuilder text = new StringBuilder();
        for (Value.Field field : fields.fields()) {
            boolean isTable = field.value() instanceof Value.Rows rows
                    && rows.rows().stream().anyMatch(Value.Fields.class::isInstance);
            if (!isTable) {
                text.append(padded(label(field.name()), width))
                        .append("  ")
                        .append(plain(field.value()))
                        .append('\n');
            }
        }
        return text.toString();
    }

    /** A name of several words, as people write them. */
    private static String label(String name) {
        return name.replaceAll("([a-z])([A-Z])", "$1 $2").toLowerCase(Locale.ROOT);
    }

    private static boolean has(Value row, String column) {
        return row instanceof Value.Fields fields && fields.find(column).isPresent();
    }

    private static String cell(Value row, String column) {
        return row instanceof Value.Fields fields
                ? fields.find(column).map(Table::plain).orElse("-")
                : plain(row);
    }

    private static int width(List<List<String>> lines, int column) {
        return lines.stream().mapToInt(line -> line.get(column).length()).max().orElse(0);
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    static String plain(Value value) {
        if (value instanceof Value.Text text) {
            return text.text().isEmpty() ? "-" : harmless(text.text());
        } else if (value instanceof Value.Whole whole) {
            return String.valueOf(whole.number());
        } else if (value instanceof Value.Real real) {
            return real.number() == Math.rint(real.number()) && Math.abs(real.number()) < 1e15
                    ? String.valueOf((long) real.number())
                    : String.valueOf(real.number());
        } else if (value instanceof Value.Flag flag) {
            return flag.isSet() ? "yes" : "no";
        } else if (value instanceof Value.Rows rows) {
            List<String> all = rows.rows().stream().map(Table::plain).toList();
            return all.isEmpty() ? "-" : String.join(", ", all);
        } else if (value instanceof Value.Fields fields) {
            List<String> all = fields.fields().stream()
                    .map(f -> harmless(f.name()) + "=" + plain(f.value()))
                    .toList();
            return all.isEmpty() ? "-" : String.join(" ", all);
        }
        return "-";
    }

    /** Without control characters; what is several lines stays so. */
    static String harmless(String text) {
        return text.replaceAll("[\\p{Cc}&&[^\n]]", "?");
    }
}
