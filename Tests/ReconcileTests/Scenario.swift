import Reconcile
import TestSupport

/// A fixture: what was agreed, what each side says now, and what is to be done under each policy.
struct Scenario {
    var base: Agreement?
    var local: ItemVersion?
    var remote: ItemVersion?
    var expected: [(policy: ConflictPolicy, action: String)] = []

    private static let policies: [String: ConflictPolicy] = [
        "newest": .newest, "upstream": .upstream, "gateway": .gateway, "ask": .ask,
    ]

    init(_ text: String) {
        var agreed: [String: Fields] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let sides = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides[1].trimmingPrefix(" ")
            switch sides[0] {
            case "base.local", "base.remote":
                if !value.isEmpty { agreed[String(sides[0])] = Self.version(value).fields }
            case "local": local = value.isEmpty ? nil : Self.version(value)
            case "remote": remote = value.isEmpty ? nil : Self.version(value)
            default: if let policy = Self.policies[String(sides[0])] { expected.append((policy, String(value))) }
            }
        }
        if let local = agreed["base.local"], let remote = agreed["base.remote"] {
            base = Agreement(local: local, remote: remote)
        }
    }

    /// Reads `summary=a mon/summary=b without=tue,wed @10`.
    private static func version(_ text: Substring) -> ItemVersion {
        var version = ItemVersion(fields: [:], modified: nil)
        for word in text.split(separator: " ") {
            if word.hasPrefix("@") {
                version.modified = Int64(word.dropFirst())
                continue
            }
            let sides = word.split(separator: "=", maxSplits: 1)
            if sides[0] == "without" {
                version.placeless = Set(sides[1].split(separator: ",").map(String.init))
                continue
            }
            let names = sides[0].split(separator: "/")
            let key = FieldKey(String(names[names.count - 1]), of: names.count > 1 ? String(names[0]) : nil)
            version.fields[key] = String(sides[1])
        }
        return version
    }
}

extension Decision? {
    /// The decision as a fixture writes it.
    var words: String {
        func list(_ fields: Set<FieldKey>) -> String {
            fields.map { key in key.occurrence.map { "\($0)/\(key.name)" } ?? key.name }.sorted().joined(separator: " ")
        }
        switch self?.action {
        case nil: return "nothing"
        case .agree: return "agree"
        case .pull(let fields): return "pull \(list(fields))"
        case .push(let fields): return "push \(list(fields))"
        case .merge(let pulled, let pushed): return "merge pull \(list(pulled)) push \(list(pushed))"
        case .createLocal: return "createLocal"
        case .createRemote: return "createRemote"
        case .deleteLocal: return "deleteLocal"
        case .deleteRemote: return "deleteRemote"
        case .forget: return "forget"
        case .hold: return "hold"
        }
    }
}
