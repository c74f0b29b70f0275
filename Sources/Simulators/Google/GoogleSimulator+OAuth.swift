/// The pages and end points of OAuth.
extension GoogleSimulator {
    func oauth(_ request: APIRequest, _ segments: [String]) -> APIReply {
        do {
            switch (request.method, segments.joined(separator: "/")) {
            case ("GET", "o/oauth2/v2/auth"), ("GET", "o/oauth2/auth"): return try showConsent(request.parameters)
            case ("POST", "o/oauth2/v2/auth"): return try decideConsent(request.form)
            case ("POST", "token"), ("POST", "oauth2/v4/token"): return .json(200, try state.token(request.form))
            case ("POST", "revoke"), ("POST", "o/oauth2/revoke"):
                try state.revoke(request.form["token"] ?? "")
                return .json(200, [:])
            case _: return APIReply(APIError.notFound)
            }
        } catch {
            return request.method == "GET" ? .html(error.status, ConsentPage.refusal(error)) : APIReply(error)
        }
    }

    private func showConsent(_ query: Parameters) throws(OAuthError) -> APIReply {
        let asked = try state.authorizationRequest(query)
        guard let person = state.person(for: asked) else {
            throw .invalidRequest("There is no account to choose.")
        }
        guard !autoApprove else { return .redirect(to: state.allow(asked, by: person.email, scopes: asked.scopes)) }
        return .html(200, ConsentPage.html(asked, query, person))
    }

    /// The form repeats the query, says `decision`, and names every ticked scope as `granted`.
    private func decideConsent(_ form: Parameters) throws(OAuthError) -> APIReply {
        let asked = try state.authorizationRequest(form)
        guard form["decision"] == "allow" else { return .redirect(to: state.deny(asked)) }
        let granted = Set(form.all("granted").flatMap(Scope.parse)).intersection(asked.scopes)
        guard !granted.isEmpty, let email = form["account"], state.accounts[email] != nil else {
            return .redirect(to: state.deny(asked))
        }
        return .redirect(to: state.allow(asked, by: email, scopes: granted))
    }
}

/// The consent screen: plain HTML that a person and a script can use.
enum ConsentPage {
    static func html(_ asked: AuthorizationRequest, _ query: Parameters, _ person: SimulatedAccount) -> String {
        let hidden = query.pairs.map { pair in
            #"<input type="hidden" name="\#(escape(pair.name))" value="\#(escape(pair.value))">"#
        }.joined()
        let boxes = asked.scopes.sorted().map { scope in
            let value = escape(Scope.text([scope]))
            return #"<p><label><input type="checkbox" name="granted" value="\#(value)" checked> \#(value)</label></p>"#
        }.joined()
        return """
            <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Simulated Google</title></head><body>
            <h1>Simulated Google</h1>
            <p><b>\(escape(asked.application))</b> wants access to the account <b>\(escape(person.email))</b></p>
            <form method="post" action="/o/oauth2/v2/auth">\(hidden)
            <input type="hidden" name="account" value="\(escape(person.email))">
            \(boxes)
            <button name="decision" value="allow" id="allow">Allow</button>
            <button name="decision" value="deny" id="deny">Deny</button></form></body></html>
            """
    }

    /// What Google shows on its own page when the application itself is wrong.
    static func refusal(_ error: OAuthError) -> String {
        """
        <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Simulated Google</title></head><body>
        <h1>Error \(error.status): \(escape(error.error))</h1><p>\(escape(error.description))</p></body></html>
        """
    }

    private static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case _: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
