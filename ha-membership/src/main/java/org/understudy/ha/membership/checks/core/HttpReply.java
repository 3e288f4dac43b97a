package org.understudy.ha.membership.checks.core;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.understudy.ha.api.MalformedMessageException;

/**
 * Reads one answer of HTTP/1.1 (RFC 9112) as its bytes come: the status and the beginning of the body. Interim answers (1xx) are passed over. Driver: feed
 * until it says that it has enough, and say when the connection has ended.
 */
public final class HttpReply {
    static final int LINE_MAX = 16 * 1024;
    /** Of all lines before the body, interim answers and trailers included. */
    public static final int HEAD_MAX = 64 * 1024;

    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] ([1-5]\\d\\d)(?: .*)?");
    private static final Pattern LENGTH = Pattern.compile("\\d{1,18}");
    private static final Pattern SIZE = Pattern.compile("([0-9A-Fa-f]{1,15})[ \\t]*(?:;.*)?");
    private static final int FIRST_FINAL = 200;
    private static final int NO_CONTENT = 204;
    private static final int NOT_MODIFIED = 304;

    private enum Part {
        STATUS_LINE,
        HEADERS,
        CHUNK_SIZE,
        CHUNK_END,
        TRAILERS,
        BODY,
        ENOUGH
    }

    private final int bodyMax;
    private final boolean hasBody;

    private Part part = Part.STATUS_LINE;
    private byte[] line = new byte[256];
    private int lineLength;
    private int headBytes;
    private int offset;
    private int status;
    private long contentLength = -1;
    private boolean isChunked;
    /** Of the body or of the chunk; negative if it lasts until the connection ends. */
    private long left;

    private byte[] body = new byte[0];
    private int bodyLength;

    /**
     * @param bodyMax how much of the body is wanted; 0 if only the status is
     * @param hasBody false for the answer to HEAD
     */
    public HttpReply(int bodyMax, boolean hasBody) {
        this.bodyMax = bodyMax;
        this.hasBody = hasBody;
    }

    /**
     * @return whether nothing more is wanted
     * @throws MalformedMessageException if it is no answer of HTTP/1.1
     */
    public boolean feed(byte[] bytes, int count) {
        int at = 0;
        while (at < count && part != Part.ENOUGH) {
            at += part == Part.BODY ? content(bytes, at, count) : oneOfLine(bytes[at]);
        }
        return part == Part.ENOUGH;
    }

    /**
     * The connection has ended.
     *
     * @throws MalformedMessageException if the answer has not
     */
    public void end() {
        boolean isWhole = part == Part.ENOUGH || part == Part.BODY && left < 0;
        if (!isWhole) {
            throw new MalformedMessageException(
                    offset, "expected the rest of the answer, found the end of the connection");
        }
        part = Part.ENOUGH;
    }

    private int oneOfLine(byte next) {
        offset++;
        headBytes++;
        if (lineLength >= LINE_MAX || headBytes > HEAD_MAX) {
            throw malformed("a line of at most " + LINE_MAX + " and a head of at most " + HEAD_MAX + " bytes", "more");
        }
        if (next == '\n') {
            int length = lineLength > 0 && line[lineLength - 1] == '\r' ? lineLength - 1 : lineLength;
            String text = new String(line, 0, length, StandardCharsets.ISO_8859_1);
            lineLength = 0;
            whole(text);
        } else {
            line = lineLength < line.length ? line : Arrays.copyOf(line, 2 * line.length);
            line[lineLength++] = next;
        }
        return 1;
    }

    private void whole(String text) {
        switch (part) {
            case STATUS_LINE -> statusLine(text);
            case HEADERS -> header(text);
            case CHUNK_SIZE -> chunk(text);
            case CHUNK_END -> {
                if (!text.isEmpty()) {
                    throw malformed("the end of a chunk", "more of it");
                }
                part = Part.CHUNK_SIZE;
                // Chunks are bounded by the body.
                headBytes = Math.max(0, headBytes - 2);
            }
            default -> part = text.isEmpty() ? Part.ENOUGH : part;
        }
    }

    private void statusLine(String text) {
        Matcher found = STATUS.matcher(text);
        if (!found.matches()) {
            throw malformed("a status line of HTTP/1.1", StrangersText.oneLine(text));
        }
        status = Integer.parseInt(found.group(1));
        contentLength = -1;
        isChunked = false;
        part = Part.HEADERS;
    }

    private void header(String text) {
        if (text.isEmpty()) {
            headEnds();
            return;
        }
        int colon = text.indexOf(':');
        if (colon <= 0) {
            throw malformed("a header field", StrangersText.oneLine(text));
        }
        String name = text.substring(0, colon).toLowerCase(Locale.ROOT);
        String value = text.substring(colon + 1).strip();
        if (name.equals("transfer-encoding")) {
            if (!value.equalsIgnoreCase("chunked")) {
                throw malformed("a body in chunks or as it is", StrangersText.oneLine(value));
            }
            isChunked = true;
        } else if (name.equals("content-length")) {
            long length = LENGTH.matcher(value).matches() ? Long.parseLong(value) : -1;
            if (length < 0 || contentLength >= 0 && contentLength != length) {
                throw malformed("one length", StrangersText.oneLine(value));
            }
            contentLength = length;
        }
    }

    /** RFC 9112, 6.3. */
    private void headEnds() {
        if (status < FIRST_FINAL) {
            part = Part.STATUS_LINE;
            return;
        }
        boolean isEmpty = !hasBody || status == NO_CONTENT || status == NOT_MODIFIED || bodyMax == 0;
        if (isEmpty || !isChunked && contentLength == 0) {
            part = Part.ENOUGH;
        } else if (isChunked) {
            part = Part.CHUNK_SIZE;
        } else {
            left = contentLength;
            part = Part.BODY;
        }
    }

    private void chunk(String text) {
        Matcher found = SIZE.matcher(text);
        if (!found.matches()) {
            throw malformed("the size of a chunk", StrangersText.oneLine(text));
        }
        left = Long.parseLong(found.group(1), 16);
        part = left == 0 ? Part.TRAILERS : Part.BODY;
        if (left > 0) {
            headBytes = Math.max(0, headBytes - text.length() - 2);
        }
    }

    private int content(byte[] bytes, int at, int count) {
        int taken = count - at;
        taken = left < 0 ? taken : (int) Math.min(taken, left);
        taken = Math.min(taken, bodyMax - bodyLength);
        if (bodyLength + taken > body.length) {
            body = Arrays.copyOf(body, Math.min(bodyMax, Math.max(bodyLength + taken, 2 * body.length)));
        }
        System.arraycopy(bytes, at, body, bodyLength, taken);
        bodyLength += taken;
        offset += taken;
        left = left < 0 ? left : left - taken;
        if (bodyLength == bodyMax) {
            part = Part.ENOUGH;
        } else if (left == 0) {
            part = isChunked ? Part.CHUNK_END : Part.ENOUGH;
        }
        return taken;
    }

    private MalformedMessageException malformed(String expected, String found) {
        return new MalformedMessageException(offset, "expected " + expected + ", found " + found);
    }

    /** 200 to 599; of the last interim answer, or 0, before there is one. */
    public int status() {
        return status;
    }

    /** What has come of the body, one character for a byte. */
    public String body() {
        return new String(body, 0, bodyLength, StandardCharsets.ISO_8859_1);
    }
}
