package org.understudy.ha.samples.demo;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.understudy.ha.api.MalformedMessageException;

/** Reads one flat JSON object (RFC 8259) without arrays or nested objects: keys and values as texts, {@code null} left out. */
final class FlatJson {
    private final String text;
    private int at;

    private FlatJson(String text) {
        this.text = text;
    }

    /**
     * @throws MalformedMessageException if the text is anything else, with the place
     */
    static Map<String, String> parse(String text) {
        return new FlatJson(text).object();
    }

    private Map<String, String> object() {
        Map<String, String> found = new LinkedHashMap<>();
        expect('{');
        if (next() != '}') {
            at--;
            do {
                String key = string();
                expect(':');
                String value = value();
                if (!value.equals("null")) {
                    found.put(key, value.startsWith("\"") ? value.substring(1) : value);
                }
            } while (next() == ',');
            at--;
            expect('}');
        }
        skip();
        if (at != text.length()) {
            throw malformed("nothing more");
        }
        return Collections.unmodifiableMap(found);
    }

    /** A text with a leading quote, or a bare word. */
    private String value() {
        skip();
        if (at < text.length() && text.charAt(at) == '"') {
            return "\"" + string();
        }
        int from = at;
        while (at < text.length() && "+-.0123456789aeflnrstuE".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String word = text.substring(from, at);
        if (!word.matches("null|true|false|-?\\d+(\\.\\d+)?([eE][+-]?\\d+)?")) {
            at = from;
            throw malformed("a text, a number, true, false or null");
        }
        return word;
    }

    private String string() {
        expect('"');
        StringBuilder word = new StringBuilder();
        for (char c = take(); c != '"'; c = take()) {
            word.append(c == '\\' ? escaped() : c);
        }
        return word.toString();
    }

    private char escaped() {
        char c = take();
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> unicode();
            default -> throw malformed("an escape of RFC 8259");
        };
    }

    private char unicode() {
        if (at + 4 > text.length() || !text.substring(at, at + 4).matches("[0-9a-fA-F]{4}")) {
            throw malformed("four hexadecimal digits");
        }
        at += 4;
        return (char) Integer.parseInt(text.substring(at - 4, at), 16);
    }

    private char take() {
        if (at >= text.length()) {
            throw malformed("the end of the text later");
        }
        return text.charAt(at++);
    }

    private char next() {
        skip();
        return take();
    }

    private void expect(char wanted) {
        if (next() != wanted) {
            at--;
            throw malformed("'" + wanted + "'");
        }
    }

    private void skip() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private MalformedMessageException malformed(String expected) {
        return new MalformedMessageException(at, "expected " + expected + " in: " + text);
    }
}
