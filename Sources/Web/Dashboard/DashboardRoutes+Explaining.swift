import Hummingbird
import ICalendar
import Store
import Sync

extension DashboardRoutes {
    /// Why an event is as it is.
    func explainPage(_ request: PageRequest) async throws -> Response {
        let explanation = try await ask(.get, ["events", request.id, "explain"], for: request.visitor)
        func instant(_ json: JSON?) -> String { time(json?.string.flatMap(Instant.init(rfc3339:))) }
        let links = (explanation["links"]?.array ?? []).map { link -> [String: Any] in
            var shown: [String: Any] = [
                "id": link["id"]?.integer ?? 0, "upstream": link["upstream_name"]?.string ?? "",
                "provider": Self.label(link["provider"]?.string ?? ""),
                "state": (link["state"]?.string ?? "").replacing("_", with: " "),
                "stateClass": link["state"]?.string == "in_step" ? "ok" : "warn",
                "sentence": link["sentence"]?.string ?? "", "agreed": instant(link["agreed_at"]),
                "run": link["last_run"]?.integer.map(String.init) ?? "–", "synced": instant(link["last_synced_at"]),
                "next": instant(link["next_sync_at"]),
                "rang": link["last_webhook_at"]?.string == nil ? "never" : instant(link["last_webhook_at"]),
                "records": (link["records"]?.array ?? []).compactMap(\.string),
                "fields": Self.fields(link["fields"], isInStep: link["state"]?.string == "in_step"),
            ]
            if let url = link["url"]?.string, url.hasPrefix("https://") { shown["url"] = url }
            shown["hasRecords"] = link["records"]?.array?.isEmpty == false
            if let mapping = link["mapping"]?.object {
                shown["hasMapping"] = true
                shown["mapping"] = mapping.sorted { $0.key < $1.key }.map { key, value -> [String: Any] in
                    ["name": key, "value": value.string ?? String(decoding: value.octets, as: UTF8.self)]
                }
            }
            if let error = link["last_error"], error != .null {
                shown["problem"] = ["message": error["message"]?.string ?? "", "remedy": error["remedy"]?.string ?? ""]
            }
            return shown
        }
        var content: [String: Any] = [
            "id": request.id, "uid": explanation["uid"]?.string ?? "", "etag": explanation["etag"]?.string ?? "–",
            "links": links,
        ]
        if explanation["deleted_at"]?.string != nil {
            content["deletion"] = [
                "at": instant(explanation["deleted_at"]), "until": instant(explanation["purged_at"]),
                "calendar": explanation["calendar"]?.integer ?? 0,
            ]
        }
        return page("explain", content, for: request.visitor)
    }

    /// Rows of base, ours and theirs; those that differ say so.
    ///
    /// Sides that are in step may write the same moment differently; nothing of it is a difference.
    static func fields(_ json: JSON?, isInStep: Bool = false) -> [[String: Any]] {
        (json?.object ?? [:]).sorted { ShownValue.precedes($0.key, $1.key) }.map { name, field in
            let (base, gateway, upstream) = (field["base"]?.string, field["gateway"]?.string, field["upstream"]?.string)
            return [
                "name": name, "label": ShownValue.label(name), "base": base.map(ShownValue.text) ?? "–",
                "gateway": gateway.map(ShownValue.text) ?? "–", "upstream": upstream.map(ShownValue.text) ?? "–",
                "value": gateway ?? "", "theirs": upstream ?? "",
                "oursChanged": !isInStep && gateway != base, "theirsChanged": !isInStep && upstream != base,
            ]
        }
    }
}
