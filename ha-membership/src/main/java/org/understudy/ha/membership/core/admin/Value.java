package org.understudy.ha.membership.core.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What an answer is made of: as much as JSON, with the order of fields kept. */
public sealed interface Value {

    /** A text. */
    record Text(String text) implements Value {}

    /** A whole number. */
    record Whole(long number) implements Value {}

    /** Any number. */
    record Real(double number) implements Value {}

    /** Yes or no. */
    record Flag(boolean isSet) implements Value {}

    /** Nothing is known. */
    record Nothing() implements Value {}

    /** Several. */
    record Rows(List<Value> rows) implements Value {
        public Rows {
            rows = List.copyOf(rows);
        }
    }

    /** Several with names. */
    record Fields(List<Field> fields) implements Value {

        public static final Fields NONE = new Fields(List.of());

        public Fields {
            fields = List.copyOf(fields);
        }

        /** With one more at the end. */
        public Fields and(String name, Value value) {
            List<Field> more = new ArrayList<>(fields);
            more.add(new Field(name, value));
            return new Fields(more);
        }

        /** With a text more. */
        public Fields and(String name, String text) {
            return and(name, new Text(text));
        }

        /** With a number more. */
        public Fields and(String name, long number) {
            return and(name, new Whole(number));
        }

        /** With a yes or no more. */
        public Fields and(String name, boolean isSet) {
            return and(name, new Flag(isSet));
        }

        /** With what may be unknown. */
        public Fields and(String name, Optional<?> value) {
            return and(name, value.<Value>map(v -> new Text(v.toString())).orElse(new Nothing()));
        }

        public Optional<Value> find(String name) {
            return fields.stream()
                    .filter(f -> f.name().equals(name))
                    .map(Field::value)
                    .findFirst();
        }
    }

    /** A value with its name. */
    record Field(String name, Value value) {}
}
