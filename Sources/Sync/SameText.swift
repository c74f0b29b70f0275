import Reconcile
import SQL

/// How an agreement is written down whose sides say the same, as nearly all do: the upstream's side is a mark, not a copy.
enum SameText {
    /// Neither a calendar object nor field values are ever written so.
    static let mark = "="

    /// What the column of the upstream's side holds.
    static func column(_ remote: String, beside local: String) -> String { remote == local ? mark : remote }

    /// What the column of the upstream's side means.
    static func read(_ remote: String, beside local: String) -> String { remote == mark ? local : remote }
}

extension Agreement {
    /// Reads the columns of both sides.
    init(_ row: SQLRow) throws {
        let (local, remote) = (try row.text("local_fields"), try row.text("remote_fields"))
        let fields = FieldsText.decode(local)
        self.init(local: fields, remote: remote == SameText.mark ? fields : FieldsText.decode(remote))
    }

    /// The agreement on these fields, too.
    func with(_ others: Agreement) -> Agreement {
        guard !others.local.isEmpty || !others.remote.isEmpty else { return self }
        return Agreement(
            local: local.merging(others.local) { own, _ in own },
            remote: remote.merging(others.remote) { own, _ in own }
        )
    }

    /// What the columns of both sides hold.
    var columns: (local: String, remote: String) {
        let text = FieldsText.encode(local)
        return (text, local == remote ? SameText.mark : FieldsText.encode(remote))
    }
}
