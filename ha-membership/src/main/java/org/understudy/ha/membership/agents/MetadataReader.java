package org.understudy.ha.membership.agents;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.membership.agents.core.AgentTime;
import org.understudy.ha.membership.agents.core.OcfMetadata;
import org.understudy.ha.membership.agents.core.OcfOperation;
import org.understudy.ha.membership.agents.core.OcfParameter;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.ErrorHandler;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;

/**
 * Reads what an agent says of itself. Nearly every agent names a document type in its third line; the name is taken off and never looked up,
 * and any other word about types or entities ends the reading: nothing is fetched, nothing expanded.
 */
final class MetadataReader {
    /** A name and where it could be had, without declarations of its own. */
    private static final Pattern DOCUMENT_TYPE = Pattern.compile(
            "<!DOCTYPE\\s+[\\w.:-]+(\\s+SYSTEM\\s+(\"[^\"]*\"|'[^']*')|\\s+PUBLIC\\s+(\"[^\"]*\"|'[^']*')\\s+(\"[^\"]*\"|'[^']*'))?\\s*>");

    private MetadataReader() {}

    /**
     * @param key how the setting is called in messages, and its value
     * @throws ConfigurationException naming the line that is wrong
     */
    static OcfMetadata read(String xml, String key, String agent) {
        String text = xml.strip();
        Matcher type = DOCUMENT_TYPE.matcher(text);
        if (type.find()) {
            // Blanks, so that lines and columns in messages are those of the agent.
            String blank = type.group().replaceAll("[^\\n]", " ");
            text = text.substring(0, type.start()) + blank + text.substring(type.end());
        }
        try {
            Element root =
                    parser().parse(new InputSource(new StringReader(text))).getDocumentElement();
            if (!root.getTagName().equals("resource-agent")) {
                throw new SAXException("they begin with <" + root.getTagName() + ">, not with <resource-agent>");
            }
            return new OcfMetadata(root.getAttribute("name"), minor(root), parameters(root), operations(root));
        } catch (SAXParseException e) {
            String where = "line " + e.getLineNumber() + ", column " + e.getColumnNumber() + ": ";
            throw malformed(key, agent, where + e.getMessage());
        } catch (SAXException | IOException | ParserConfigurationException e) {
            throw malformed(key, agent, String.valueOf(e.getMessage()));
        }
    }

    private static ConfigurationException malformed(String key, String agent, String why) {
        return new ConfigurationException(key, agent, "its metadata cannot be read: " + why + "; repair the agent");
    }

    private static DocumentBuilder parser() throws ParserConfigurationException {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
        factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_DTD, "");
        factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_SCHEMA, "");
        factory.setXIncludeAware(false);
        factory.setExpandEntityReferences(false);
        DocumentBuilder parser = factory.newDocumentBuilder();
        parser.setErrorHandler(new Thrower());
        return parser;
    }

    /** The standard it follows. Many an agent gives its own version here; then it is taken for the oldest. */
    private static int minor(Element root) {
        return children(root, "version").stream()
                        .map(version -> version.getTextContent().strip())
                        .anyMatch(version -> version.matches("1\\.[1-9][0-9]*"))
                ? 1
                : 0;
    }

    private static List<OcfParameter> parameters(Element root) {
        List<OcfParameter> parameters = new ArrayList<>();
        for (Element section : children(root, "parameters")) {
            for (Element parameter : children(section, "parameter")) {
                List<Element> contents = children(parameter, "content");
                String type = contents.isEmpty() ? "string" : contents.get(0).getAttribute("type");
                List<String> options = new ArrayList<>();
                for (Element content : contents) {
                    children(content, "option").forEach(option -> options.add(option.getAttribute("value")));
                }
                parameters.add(new OcfParameter(
                        parameter.getAttribute("name"), isTrue(parameter.getAttribute("required")), type, options));
            }
        }
        return parameters;
    }

    private static boolean isTrue(String value) {
        return value.matches("1|(?i:true|yes)");
    }

    private static List<OcfOperation> operations(Element root) {
        List<OcfOperation> operations = new ArrayList<>();
        for (Element section : children(root, "actions")) {
            for (Element action : children(section, "action")) {
                String depth = action.getAttribute("depth").strip();
                operations.add(new OcfOperation(
                        action.getAttribute("name"),
                        AgentTime.parse(action.getAttribute("timeout")),
                        AgentTime.parse(action.getAttribute("interval")),
                        depth.matches("[0-9]{1,9}") ? Integer.parseInt(depth) : 0,
                        action.getAttribute("role")));
            }
        }
        return operations;
    }

    private static List<Element> children(Element parent, String tag) {
        List<Element> found = new ArrayList<>();
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && element.getTagName().equals(tag)) {
                found.add(element);
            }
        }
        return found;
    }

    /** The parser would write to the standard error output of the host. */
    private static final class Thrower implements ErrorHandler {
        @Override
        public void warning(SAXParseException e) {
            // What works is no matter.
        }

        @Override
        public void error(SAXParseException e) throws SAXException {
            throw e;
        }

        @Override
        public void fatalError(SAXParseException e) throws SAXException {
            throw e;
        }
    }
}
