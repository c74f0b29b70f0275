public import Bridging
public import ICalendar

extension NotionBridge {
    /// Lists the one write that turns the page into the object: only the columns that differ, each by its identifier.
    ///
    /// Empty once the page says what the object says, as far as Notion can say it. So this also tells when a page must
    /// be mended though the event did not change: a UID that is missing or another page's, a rule that became nonsense.
    public func writes(
        toMake object: CalendarObject?,
        from series: [UpstreamRecord]
    ) throws(TranslationError) -> [RecordWrite] {
        let live = series.filter { !$0.isDeleted }
        guard let object else {
            return live.map { .delete(id: $0.id, series: $0.series, revision: $0.revision) }
        }
        let columns = columns
        let record = live.first { $0.id == $0.series }
        // To a page that is there comes what differs from it, and not every override.
        let values = try EventValues(object, isWhole: record == nil, columns: columns, linkZone: link.timeZone)
        guard let record else {
            return [creation(of: object.uid, values, named: object.master.map(EventValues.name) ?? "")]
        }
        let page = try Page(record)
        let properties = properties(of: values, differingFrom: page, columns)
        guard !properties.isEmpty else { return [] }
        var body: [String: JSON] = ["properties": .object(properties)]
        if let kept = page.note.status { body[Page.noteKey] = ["status": .string(kept)] }
        let payload = JSON.object(body).serialized
        return [.update(id: record.id, series: record.series, revision: record.revision, payload: payload)]
    }

    /// The columns that say something else on a page, as a write has them.
    func properties(of values: EventValues, differingFrom page: Page, _ columns: Columns) -> [String: JSON] {
        var properties: [String: JSON] = [:]
        let when = moment(of: page, toldAs: values[.when])
        for role in columns.roles {
            guard let column = columns[role], let held = values[role] else { continue }
            let current = page.value(of: column)
            var wanted = held.keepingStrangers(of: current, column.directory)
            if role == .repeats, !values.tellsChanges { wanted = wanted.keepingChanges(of: current) }
            if role == .repeats { wanted = wanted.keepingZone(of: current, or: page.note.zone, at: when) }
            guard !page.keepsStatus(wanted, role, of: column),
                !agrees(current, with: wanted, role, of: column, at: when)
            else { continue }
            properties[column.id] = wanted.json(type: column.type)
        }
        return properties
    }

    /// The columns of a new page that are not empty, as a write has them.
    private func properties(of values: EventValues, _ columns: Columns) -> [String: JSON] {
        var properties: [String: JSON] = [:]
        for role in columns.roles {
            guard let column = columns[role], let value = values[role], !value.isEmpty else { continue }
            properties[column.id] = value.json(type: column.type)
        }
        return properties
    }

    /// The columns of a new page, and its name where that is none of them: without one nobody would know the page.
    private func properties(of values: EventValues, named name: String, _ columns: Columns) -> [String: JSON] {
        var properties = properties(of: values, columns)
        if columns.leavesNames, !name.isEmpty {
            properties[Columns.nameID] = ColumnValue.text(name).json(type: .title)
        }
        return properties
    }

    /// The write that makes a page, of an event or of one `occurrence`.
    func creation(
        of uid: String,
        _ values: EventValues,
        named name: String,
        showing occurrence: OccurrenceNote? = nil
    ) -> RecordWrite {
        let columns = columns
        var note = values.creationNote(columns)
        note["occurrence"] = occurrence?.json
        let body: JSON = [
            "parent": ["type": "data_source_id", "data_source_id": .string(link.calendar)],
            "properties": .object(properties(of: values, named: name, columns)),
            Page.noteKey: .object(note),
        ]
        return .create(RecordCreation(id: nil, uid: uid, payload: body.serialized))
    }

    /// Whether a column already says what it should.
    func agrees(
        _ current: ColumnValue,
        with wanted: ColumnValue,
        _ role: ColumnRole,
        of column: Column,
        at when: When?
    ) -> Bool {
        switch (current, wanted) {
        case (.text(let current), .text(let wanted)): agrees(current, with: wanted, role, at: when)
        case (.when(let current?), .when(let wanted?)): current.coversSame(as: wanted)
        case (.option(let current), .option(let wanted)) where role.choiceProperty != nil:
            // Two options that say nothing about STATUS are the same to us: a task board's “Doing” is left alone.
            column.choices(role).value(of: current) == column.choices(role).value(of: wanted)
        case (.option(let current), .option(let wanted)): current?.lowercased() == wanted?.lowercased()
        // A number that says nothing is left to the person who wrote it until there is one to write.
        case (.number, .number): role.number(current.wholeNumber) == role.number(wanted.wholeNumber)
        case (.options, .options), (.people, .people): current.canonical == wanted.canonical
        case (.when, _), (.text, _), (.option, _), (.options, _), (.number, _), (.people, _), (.related, _): false
        }
    }

    private func agrees(_ current: String, with wanted: String, _ role: ColumnRole, at when: When?) -> Bool {
        switch role {
        case .title: says(current.onOneLine, wanted)
        case .location, .attendees: says(current.normalizedLines, wanted)
        case .description: says(current.normalizedLines, wanted, octets: EventValues.descriptionOctets)
        // What a person typed and we cannot write is left alone until there is something to write.
        case .url: EventURL(current).map(\.text) == EventURL(wanted).map(\.text)
        case .repeats: recurrencesAgree(current, wanted, at: when)
        case .uid: current.trimmed == wanted
        case .when, .status, .categories, .reminder, .transparency, .classification, .priority, .color, .comment,
            .attachments:
            current == wanted
        }
    }

    /// Whether a text is what is wanted, or is longer and begins so where we would have to cut it: never is a cut text
    /// written back.
    private func says(_ current: String, _ wanted: String, octets: Int = EventValues.textOctets) -> Bool {
        guard current != wanted else { return true }
        return wanted.hasSuffix(RichText.ellipsis) && RichText.fitting(current, octets: octets) == wanted
    }

    /// When a page is once it says what it should.
    func moment(of page: Page, toldAs value: ColumnValue?) -> When? {
        let current = columns[.when].map { page.value(of: $0) }
        switch (current, value) {
        case (.when(let current?)?, .when(let wanted?)?):
            return current.coversSame(as: wanted) ? current : wanted.asShown
        case (_, .when(let wanted)?): return wanted?.asShown
        case (.when(let current)?, _): return current
        case (_, _): return nil
        }
    }

    private func recurrencesAgree(_ currentText: String, _ wantedText: String, at when: When?) -> Bool {
        switch (Repeats.reading(currentText), Repeats.reading(wantedText)) {
        case (.recurrence(let current), .recurrence(var wanted)):
            wanted.keepsStart = columns.daysAhead != nil
            // Without a date it is no event, whatever the rule is.
            guard when.map({ wanted.isSaid(by: current, at: $0, linkZone: link.timeZone) }) ?? true else {
                return false
            }
            return Headline.agrees(currentText, with: wantedText)
        // A person's note about an event that does not recur.
        case (.nothing, .nothing): return true
        case (.nothing, _), (.recurrence, _), (.nonsense, _): return false
        }
    }
}

extension Page {
    /// Whether the page has an option that means none, and the STATUS from before is the one that is wanted.
    fileprivate func keepsStatus(_ wanted: ColumnValue, _ role: ColumnRole, of column: Column) -> Bool {
        guard role == .status, let kept = note.status, case .option(let option) = wanted else { return false }
        return column.choices(role).value(of: option) == kept
    }
}

extension ColumnValue {
    /// People to be written, together with those on the page whose address nobody knows: bots, guests of the workspace.
    fileprivate func keepingStrangers(of current: ColumnValue, _ directory: Directory?) -> ColumnValue {
        guard case .people(let wanted) = self, case .people(let present) = current, let directory else { return self }
        return .people(wanted + present.filter { directory.person($0) == nil })
    }

    /// A recurrence to be written, with what the page tells of its zone, and in a person's own words.
    fileprivate func keepingZone(of current: ColumnValue, or known: String?, at when: When?) -> ColumnValue {
        guard case .text(let wanted) = self, case .text(let present) = current,
            case .recurrence(let repeats) = Repeats.reading(wanted),
            case .recurrence(var column) = Repeats.reading(present)
        else { return self }
        if column.start == nil { column.zone = known }
        return .text(repeats.text(wanted, on: present, saying: column, at: when))
    }

    /// A recurrence to be written, with as many different occurrences as the page tells of.
    fileprivate func keepingChanges(of current: ColumnValue) -> ColumnValue {
        guard case .text(let wanted) = self, case .text(let present) = current,
            case .ours(let headline) = Headline.reading(present),
            case .recurrence(let repeats) = Repeats.reading(wanted)
        else { return self }
        return .text(Headline.text(wanted, telling: headline.changes, of: repeats) ?? wanted)
    }
}
