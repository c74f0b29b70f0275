extension Component {
    /// Reads one VCALENDAR and everything in it.
    ///
    /// Checks the shape only: lines, nesting, pairs of BEGIN and END, sizes. A file to be imported may be larger than one
    /// calendar object; then say how large.
    public init(
        parsing text: String,
        maximumOctets: Int = CalendarLimits.maximumOctets
    ) throws(CalendarDataError) {
        guard text.utf8.count <= maximumOctets else { throw .tooLarge(limit: maximumOctets) }
        try self.init(octets: Array(text.utf8))
    }

    /// Reads one VCALENDAR from octets that are known to be UTF-8 and not too many.
    init(octets: [UInt8]) throws(CalendarDataError) {
        guard !octets.starts(with: [0xEF, 0xBB, 0xBF]) else {
            throw .invalidData("The data begins with a byte order mark.")
        }
        var reader = ContentLineReader(octets)
        guard case .begin("VCALENDAR", let line)? = try reader.next() else {
            throw .invalidData("The data does not begin with BEGIN:VCALENDAR.")
        }
        var calendar = try Component(name: "VCALENDAR", begin: line, depth: 1, &reader)
        while let line = try reader.next() {
            guard case .blank(let octets) = line else {
                throw .invalidObject("Line \(reader.lineNumber): something follows END:VCALENDAR.")
            }
            calendar = calendar.followed(by: octets)
        }
        self = calendar
    }

    private init(
        name: String,
        begin: ArraySlice<UInt8>,
        depth: Int,
        _ reader: inout ContentLineReader
    ) throws(CalendarDataError) {
        guard depth <= CalendarLimits.maximumDepth else {
            throw .invalidData(
                "Line \(reader.lineNumber): components are nested deeper than \(CalendarLimits.maximumDepth)."
            )
        }
        guard !name.isEmpty else { throw .invalidData("Line \(reader.lineNumber): BEGIN without a name.") }
        let beginLine = reader.lineNumber
        var items: [Item] = []
        items.reserveCapacity(16)
        while let line = try reader.next() {
            switch line {
            case .property(let property): items.append(.property(property))
            case .blank(let octets): items.append(.blank(octets))
            case .begin(let inner, let octets):
                items.append(.component(try Component(name: inner, begin: octets, depth: depth + 1, &reader)))
            case .end(let ended, let octets):
                guard ended == name else {
                    throw .invalidData("Line \(reader.lineNumber): END:\(ended) inside \(name) of line \(beginLine).")
                }
                self.init(name: name, items: items, begin: begin, end: octets)
                return
            }
        }
        throw .invalidData("Line \(beginLine): BEGIN:\(name) has no END.")
    }

    /// The same with empty lines after its END line.
    private func followed(by blank: ArraySlice<UInt8>) -> Component {
        Component(name: name, items: items, begin: begin, end: end.map { $0 + blank })
    }
}
