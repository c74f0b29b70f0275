import Bridging
import Hummingbird
import Sync

extension DashboardRoutes {
    /// Which events a link takes up, as the form shows it.
    ///
    /// Those that cannot be read are none, to be set anew, and the form says what is wrong with them.
    func filters(of link: Link) -> [String: Any] {
        var filters = LinkFilters()
        var problem: String?
        do {
            filters = try link.readFilters()
        } catch {
            problem = error.message
        }
        func list(_ names: [String]?) -> String { (names ?? []).joined(separator: ", ") }
        let bridge = gateway.bridge(of: link)
        return [
            "past_days": filters.pastDays.map(String.init) ?? "",
            "future_days": filters.futureDays.map(String.init) ?? "",
            "from": filters.from ?? "", "until": filters.until ?? "",
            "categories": list(filters.categories), "except_categories": list(filters.exceptCategories),
            "knowsAnswers": bridge is any AnsweringBridge, "declined": filters.declined ?? true,
            "busy_only": filters.busyOnly ?? false, "problem": problem ?? false,
            "areOpen": problem != nil || filters != LinkFilters(),
        ]
    }

    /// What a form says of filters goes the way of what a program says of them.
    func editFilters(_ request: PageRequest) async throws -> Response {
        let form = request.form
        var filters: [String: JSON] = [:]
        func text(_ name: String) -> String? {
            form[name].map { $0.trimmingPrefix { $0.isWhitespace } }.flatMap { $0.isEmpty ? nil : String($0) }
        }
        for name in ["past_days", "future_days"] {
            if let days = text(name) { filters[name] = Int64(days).map(JSON.integer) ?? .string(days) }
        }
        for name in ["from", "until"] { if let day = text(name) { filters[name] = .string(day) } }
        for name in ["categories", "except_categories"] {
            let names = (text(name) ?? "").split(separator: ",").map { $0.split(separator: " ").joined(separator: " ") }
            let categories = names.filter { !$0.isEmpty }
            if !categories.isEmpty { filters[name] = .array(categories.map(JSON.string)) }
        }
        // A form without the box says nothing of it: what was chosen stays.
        let takesDeclined =
            form["asks_declined"] == nil
            ? try? await link(request.id, request.visitor).link.readFilters().declined : form["declined"] != nil
        if takesDeclined == false { filters["declined"] = false }
        if form["busy_only"] != nil { filters["busy_only"] = true }
        let change: JSON = ["filters": filters.isEmpty ? .null : .object(filters)]
        _ = try await ask(.patch, ["links", request.id], change, for: request.visitor)
        return .seeOther("/links/\(Self.encoded(request.id))#plan")
    }
}
