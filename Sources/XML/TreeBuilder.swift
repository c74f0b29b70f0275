import CLibXML2

/// Builds an element tree from libxml2's SAX2 events.
///
/// A class because the C callbacks reach it through a pointer; it lives and dies inside ``parse(_:limits:)``.
final class TreeBuilder {
    private let limits: XMLLimits
    private var context: xmlParserCtxtPtr?
    private var open: [Element] = []
    private var pendingText: [UInt8] = []
    private var count = 0
    private var names: [InternedName: Name] = [:]
    private var root: Element?
    private var refusal: XMLError?

    /// libxml2 interns names per document, so two pointers identify one.
    private struct InternedName: Hashable {
        var namespace: UnsafePointer<xmlChar>?
        var local: UnsafePointer<xmlChar>
    }

    private init(limits: XMLLimits) { self.limits = limits }

    /// Parses a document whose size has been checked.
    static func parse(_ octets: [UInt8], limits: XMLLimits) throws(XMLError) -> Element {
        libraryIsReady
        let builder = TreeBuilder(limits: limits)
        var handler = saxHandler()
        let user = Unmanaged.passUnretained(builder).toOpaque()
        guard let context = xmlCreatePushParserCtxt(&handler, user, nil, 0, nil) else { throw .malformed(line: 0) }
        defer { xmlFreeParserCtxt(context) }
        builder.context = context
        // Never NOENT, DTDLOAD or HUGE: entities would be read from files, or grow without bound.
        xmlCtxtUseOptions(context, Int32(XML_PARSE_NONET.rawValue))
        octets.withUnsafeBytes { bytes in
            let text = bytes.bindMemory(to: CChar.self).baseAddress
            _ = xmlParseChunk(context, text, Int32(bytes.count), 1)
        }
        if let refusal = builder.refusal { throw refusal }
        // An undeclared prefix leaves `wellFormed` at 1: only `errNo` tells.
        guard context.pointee.wellFormed == 1, context.pointee.errNo == 0, let root = builder.root else {
            throw .malformed(line: context.pointee.input.map { Int($0.pointee.line) } ?? 0)
        }
        return root
    }

    fileprivate func refuse(_ error: XMLError) {
        if refusal == nil { refusal = error }
        xmlStopParser(context)
    }

    private func name(_ local: UnsafePointer<xmlChar>, _ namespace: UnsafePointer<xmlChar>?) -> Name {
        let key = InternedName(namespace: namespace, local: local)
        if let known = names[key] { return known }
        let name = Name(namespace.map { Self.unreferenced(String(cString: $0)) } ?? "", String(cString: local))
        names[key] = name
        return name
    }

    private func flushText() {
        guard !pendingText.isEmpty else { return }
        let text = String(decoding: pendingText, as: UTF8.self)
        pendingText.removeAll(keepingCapacity: true)
        guard !open.isEmpty else { return }
        open[open.count - 1].children.append(.text(text))
    }

    private func begin(_ element: Element) {
        count += 1
        guard count <= limits.elements else { return refuse(.tooManyElements(limit: limits.elements)) }
        guard open.count < limits.depth else { return refuse(.tooDeep(limit: limits.depth)) }
        flushText()
        open.append(element)
    }

    private func end() {
        flushText()
        guard let element = open.popLast() else { return }
        if open.isEmpty {
            root = element
        } else {
            open[open.count - 1].children.append(.element(element))
        }
    }
}

/// The builder that a callback is for; a function outside the type, since a C callback can capture nothing.
private func builder(at user: UnsafeMutableRawPointer?) -> TreeBuilder? {
    user.map { Unmanaged<TreeBuilder>.fromOpaque($0).takeUnretainedValue() }
}

/// Initialises libxml2 once, before any thread parses.
private let libraryIsReady: Void = xmlInitParser()

extension TreeBuilder {
    private static func saxHandler() -> xmlSAXHandler {
        var handler = xmlSAXHandler()
        handler.initialized = UInt32(XML_SAX2_MAGIC)
        handler.internalSubset = { user, _, _, _ in builder(at: user)?.refuse(.documentTypeForbidden) }
        handler.startElementNs = { user, local, _, namespace, _, _, count, _, attributes in
            guard let builder = builder(at: user), let local else { return }
            var element = Element(builder.name(local, namespace))
            for index in 0..<Int(count) {
                builder.add(attributes, at: index, to: &element)
            }
            builder.begin(element)
        }
        handler.endElementNs = { user, _, _, _ in builder(at: user)?.end() }
        handler.characters = { user, text, length in builder(at: user)?.append(text, length) }
        handler.ignorableWhitespace = { user, text, length in builder(at: user)?.append(text, length) }
        handler.cdataBlock = { user, text, length in builder(at: user)?.append(text, length) }
        // Without a handler of its own libxml2 prints to stderr; the outcome is read from the context instead.
        handler.serror = { _, _ in }
        return handler
    }

    private func append(_ text: UnsafePointer<xmlChar>?, _ length: Int32) {
        guard length > 0 else { return }
        pendingText.append(contentsOf: UnsafeBufferPointer(start: text, count: Int(length)))
    }

    /// libxml2 passes five pointers an attribute: local name, prefix, namespace, begin and end of the value.
    private func add(
        _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?,
        at index: Int,
        to element: inout Element
    ) {
        guard let attributes, let local = attributes[5 * index], let begin = attributes[5 * index + 3],
            let end = attributes[5 * index + 4]
        else { return }
        let value = UnsafeBufferPointer(start: begin, count: end - begin)
        let text = Self.unreferenced(String(decoding: value, as: UTF8.self))
        element.attributes[name(local, attributes[5 * index + 2])] = text
    }

    /// The value of an attribute or a declaration: where it does not replace entities libxml2 leaves each ampersand as `&#38;`.
    private static func unreferenced(_ value: String) -> String {
        value.utf8.contains(UInt8(ascii: "&")) ? value.replacing("&#38;", with: "&") : value
    }
}
