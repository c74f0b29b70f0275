import Sync

extension RESTRoutes {
    /// A plan as the REST interface shows it.
    static func row(_ plan: LinkPlan) -> JSON {
        func items(_ items: [LinkPlan.Item]) -> JSON { .array(items.map(row)) }
        func side(_ side: LinkPlan.Side) -> JSON {
            ["create": items(side.create), "update": items(side.update), "delete": items(side.delete)]
        }
        return [
            "gateway": side(plan.gateway), "upstream": side(plan.upstream), "merge": items(plan.merge),
            "same": .integer(plan.same),
            "stays": ["gateway": .integer(plan.stays.gateway), "upstream": .integer(plan.stays.upstream)],
            "conflicts": items(plan.conflicts),
            "skipped": .array(plan.skipped.map(JSON.string)), "left_alone": items(plan.leftAlone),
            "separated": items(plan.separated),
            "problems": .array(
                plan.problems.map {
                    [
                        "uid": .string($0.item.uid), "summary": .text($0.item.summary), "reason": .string($0.reason),
                    ]
                }
            ),
        ]
    }

    private static func row(_ item: LinkPlan.Item) -> JSON {
        func names(_ fields: [String]) -> JSON { .array(fields.map(JSON.string)) }
        return [
            "id": .string(item.uid), "uid": .string(item.uid), "summary": .text(item.summary),
            "start": .text(item.start), "gateway": item.gateway.map(row) ?? .null,
            "upstream": item.upstream.map(row) ?? .null, "upstream_uid": .text(item.upstreamUID),
            "confidence": item.confidence.map(JSON.number) ?? .null,
            "changes": [
                "gateway": names(item.changes.gateway), "upstream": names(item.changes.upstream),
                "disputed": names(item.changes.disputed),
            ],
        ]
    }

    private static func row(_ said: LinkPlan.Said) -> JSON {
        ["summary": .text(said.summary), "start": .text(said.start), "location": .text(said.location)]
    }
}
