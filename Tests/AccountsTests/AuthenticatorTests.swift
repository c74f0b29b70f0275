import Store
import Testing

@testable import Accounts

@Suite("RFC 7617 Basic: who is it")
struct AuthenticatorTests {
    @Test
    func `the right password is accepted, another and an unknown name are not`() async throws {
        let gateway = try await Gateway()
        #expect(try await gateway.principal("alice", "correct horse") == gateway.alice)
        #expect(try await gateway.principal("alice", "battery staple") == nil)
        #expect(try await gateway.principal("alice", "") == nil)
        #expect(try await gateway.principal("nobody", "correct horse") == nil)
        #expect(try await gateway.principal("", "") == nil)
    }

    @Test(arguments: [0, 1])
    func `an Authorization field has so many octets and no more`(_ more: Int) {
        let token = String(repeating: "x", count: 4_096 - "Bearer ".utf8.count + more)
        #expect((Authorization("Bearer " + token) == .bearer(token)) == (more == 0))
    }

    @Test
    func `an app password is accepted as shown, and without its dashes`() async throws {
        let gateway = try await Gateway()
        let password = try await gateway.admin.makeAppPassword(label: "phone", for: gateway.alice)
        #expect(password.split(separator: "-").count == 5)
        #expect(password.utf8.count == 24)
        #expect(try await gateway.principal("alice", password) == gateway.alice)
        #expect(try await gateway.principal("alice", password.filter { $0 != "-" }.uppercased()) == gateway.alice)
        #expect(try await gateway.principal("bob", password) == nil)
        #expect(try await gateway.credentials.appPasswords(of: gateway.alice.id).first?.lastUsedAt != nil)
    }

    @Test
    func `a user without a password can use app passwords only`() async throws {
        let gateway = try await Gateway()
        let carol = try await gateway.admin.addUser(name: "carol")
        let password = try await gateway.admin.makeAppPassword(label: "phone", for: carol)
        #expect(try await gateway.principal("carol", password) == carol)
        #expect(try await gateway.principal("carol", "") == nil)
    }

    @Test
    func `a changed password ends the old one at once`() async throws {
        let gateway = try await Gateway()
        #expect(try await gateway.principal("alice", "correct horse") != nil)
        #expect(try await gateway.principal("alice", "new horse") == nil)
        try await gateway.admin.setPassword("new horse", of: gateway.alice)
        #expect(try await gateway.principal("alice", "correct horse") == nil)
        #expect(try await gateway.principal("alice", "new horse") == gateway.alice)
    }

    @Test
    func `a removed app password and a removed user are out at once`() async throws {
        let gateway = try await Gateway()
        let password = try await gateway.admin.makeAppPassword(label: "phone", for: gateway.alice)
        #expect(try await gateway.principal("alice", password) != nil)
        let id = try #require(await gateway.credentials.appPasswords(of: gateway.alice.id).first?.id)
        #expect(try await gateway.admin.removeAppPassword(id, of: gateway.bob) == false)
        #expect(try await gateway.principal("alice", password) != nil)
        #expect(try await gateway.admin.removeAppPassword(id, of: gateway.alice))
        #expect(try await gateway.principal("alice", password) == nil)
        #expect(try await gateway.principal("bob", "battery staple") != nil)
        try await gateway.admin.removeUser(gateway.bob)
        #expect(try await gateway.principal("bob", "battery staple") == nil)
    }

    @Test
    func `a password that another process changed is out within half a minute`() async throws {
        let gateway = try await Gateway()
        #expect(try await gateway.principal("alice", "correct horse") != nil)
        let elsewhere = AccountAdmin(
            store: gateway.store,
            credentials: gateway.credentials,
            hasher: PasswordHasher(cost: Gateway.cheap),
            verified: VerifiedCredentials()
        )
        try await elsewhere.setPassword("new horse", of: gateway.alice)
        gateway.clock.advance(by: Authenticator.recheckInterval)
        #expect(try await gateway.principal("alice", "correct horse") == nil)
    }

    @Test
    func `a pair that was right is answered from memory`() async throws {
        let gateway = try await Gateway()
        _ = try await gateway.principal("alice", "correct horse")
        let key = gateway.verified.key(user: "alice", password: "correct horse")
        #expect(gateway.verified.finding(key, at: gateway.clock.now)?.principal == gateway.alice)
        gateway.clock.advance(by: VerifiedCredentials.lifetime)
        #expect(gateway.verified.finding(key, at: gateway.clock.now) == nil)
        #expect(try await gateway.principal("alice", "correct horse") == gateway.alice)
    }

    @Test
    func `name and password are told apart in the memory`() {
        let verified = VerifiedCredentials()
        #expect(verified.key(user: "ab", password: "c") != verified.key(user: "a", password: "bc"))
        #expect(VerifiedCredentials().key(user: "a", password: "b") != verified.key(user: "a", password: "b"))
    }

    @Test
    func `many different guesses are refused for a minute, but not what is known or made by us`() async throws {
        let gateway = try await Gateway()
        let appPassword = try await gateway.admin.makeAppPassword(label: "phone", for: gateway.alice)
        #expect(try await gateway.principal("alice", "correct horse") != nil)
        for guess in 0..<FailureThrottle.maximumFailures {
            #expect(try await gateway.principal("alice", "guess \(guess)") == nil)
        }
        let outcome = try await gateway.authenticator.authenticate(basic: "alice", password: "one more")
        #expect(outcome == .throttled(retryAfter: FailureThrottle.window))
        #expect(try await gateway.principal("alice", "correct horse") != nil)
        #expect(try await gateway.principal("alice", appPassword) != nil)
        #expect(try await gateway.principal("bob", "battery staple") != nil)
        gateway.clock.advance(by: FailureThrottle.window)
        #expect(try await gateway.authenticator.authenticate(basic: "alice", password: "one more") == .refused)
    }

    @Test
    func `one wrong password sent again and again counts once`() async throws {
        let gateway = try await Gateway()
        for _ in 0..<(FailureThrottle.maximumFailures * 2) {
            #expect(try await gateway.authenticator.authenticate(basic: "alice", password: "old") == .refused)
        }
        #expect(try await gateway.principal("alice", "correct horse") == gateway.alice)
    }

    @Test
    func `a hash of an older cost is replaced when its password comes by`() async throws {
        let gateway = try await Gateway()
        let old = try PasswordHash(of: "correct horse", cost: .init(logarithmOfN: 3, r: 4, p: 1)).encoded
        try await gateway.credentials.setPasswordHash(old, of: gateway.alice.id)
        #expect(try await gateway.principal("alice", "correct horse") == gateway.alice)
        let now = try #require(await gateway.credentials.passwordHash(of: gateway.alice.id))
        #expect(PasswordHash(encoded: now)?.cost == Gateway.cheap)
        #expect(try PasswordHash(encoded: now)?.matches("correct horse") == true)
    }
}

@Suite("Passwords, tokens and names")
struct AccountTests {
    @Test
    func `an API token names its user and scopes; its digest alone is stored`() async throws {
        let gateway = try await Gateway()
        let token = try await gateway.admin.makeAPIToken(label: "ci", scopes: ["read"], for: gateway.alice)
        #expect(token.hasPrefix("kal_"))
        let (principal, scopes) = try #require(try await gateway.authenticator.principal(bearer: token))
        #expect(principal == gateway.alice)
        #expect(scopes == ["read"])
        #expect(try await gateway.authenticator.principal(bearer: token + "x") == nil)
        #expect(try await gateway.authenticator.principal(bearer: "kal_") == nil)
        let row = try #require(await gateway.credentials.apiTokens(of: gateway.alice.id).first)
        #expect(row.digest == Secret.digest(of: token))
        #expect(try await gateway.admin.removeAPIToken(row.id, of: gateway.alice))
        #expect(try await gateway.authenticator.principal(bearer: token) == nil)
    }

    @Test(arguments: ["a", "alice", "alice@example.org", "a.b-c_d", "0", "...", String(repeating: "a", count: 64)])
    func `a name that is safe in a path is taken`(_ name: String) async throws {
        let gateway = try await Gateway()
        try await gateway.admin.removeUser(gateway.alice)
        #expect(try await gateway.admin.addUser(name: name).name == name)
    }

    @Test func `a name that is a mail address is the mailbox too`() async throws {
        let gateway = try await Gateway()
        #expect(try await gateway.admin.addUser(name: "ann@example.org").email == "ann@example.org")
        let other = try await gateway.admin.addUser(name: "bo@example.org", email: "b@example.net")
        #expect(other.email == "b@example.net")
        #expect(try await gateway.admin.addUser(name: "c@").email == nil)
        #expect(try await gateway.admin.addUser(name: "dora").email == nil)
    }

    @Test(arguments: [
        "", ".", "..", "Alice", "a b", "a/b", "ä", "a\u{0}", "a%2f", "a:b", "a;b", String(repeating: "a", count: 65),
    ])
    func `a name that is not is refused with the rule`(_ name: String) async throws {
        let gateway = try await Gateway()
        let error = await #expect(throws: AccountError.invalidName(name)) {
            try await gateway.admin.addUser(name: name)
        }
        #expect(error?.description.contains("a-z, 0-9") == true)
    }

    @Test
    func `a taken name is refused, and the user who has it stays as it was`() async throws {
        let gateway = try await Gateway()
        await #expect(throws: AccountError.nameTaken("alice")) {
            try await gateway.admin.addUser(name: "alice", password: "other")
        }
        #expect(try await gateway.principal("alice", "correct horse") == gateway.alice)
    }

    @Test(arguments: ["", "a\nb", String(repeating: "x", count: 1025)])
    func `a password that no client could send is refused`(_ password: String) async throws {
        let gateway = try await Gateway()
        await #expect(throws: AccountError.self) { try await gateway.admin.setPassword(password, of: gateway.alice) }
    }

    @Test
    func `the same letters typed in two ways are the same password`() throws {
        let hash = try PasswordHash(of: "caf\u{E9}", cost: Gateway.cheap)
        #expect(try hash.matches("cafe\u{301}"))
    }

    @Test(arguments: [
        "", "$scrypt$", "$scrypt$ln=4,r=8,p=1$AAAA$AAAA", "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA",
        "$scrypt$ln=40,r=8,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "$scrypt$ln=4,r=8$AA==$AA==",
    ])
    func `a stored hash that is damaged or absurdly dear matches nothing`(_ encoded: String) async throws {
        #expect(PasswordHash(encoded: encoded) == nil)
        #expect(try await PasswordHasher(cost: Gateway.cheap).verify("x", against: encoded) == .wrong)
    }

    @Test
    func `the cost of real passwords is one the library can pay`() async throws {
        let hasher = PasswordHasher()
        let hash = try await hasher.hash("correct horse")
        #expect(PasswordHash(encoded: hash)?.cost == .current)
        #expect(try await hasher.verify("correct horse", against: hash) == .right)
    }

    @Test
    func `a hash says what it cost, and is not the same twice`() throws {
        let hash = try PasswordHash(of: "x", cost: Gateway.cheap)
        #expect(hash.encoded.hasPrefix("$scrypt$ln=4,r=8,p=1$"))
        #expect(try PasswordHash(of: "x", cost: Gateway.cheap).encoded != hash.encoded)
    }

    @Test
    func `a registration entered on the dashboard comes back, and lies sealed`() async throws {
        let gateway = try await Gateway()
        let registrations = ClientRegistrations(credentials: gateway.credentials, masterKey: gateway.masterKey)
        #expect(try await registrations.registration(at: "google") == nil)
        let registration = ClientRegistrations.Registration(clientID: "id", clientSecret: "quiet")
        let alice = gateway.alice
        try await registrations.setRegistration(registration, at: "google", by: alice.id)
        #expect(try await registrations.registration(at: "google") == registration)
        #expect(try await registrations.registration(at: "notion") == nil)
        #expect("\(registration)" == "id •••")
    }
}

@Suite("RFC 7617 §2, RFC 6750 §2.1: the Authorization field")
struct AuthorizationTests {
    @Test
    func `the first colon parts name and password`() {
        #expect(Authorization("Basic dGVzdDoxMjPCow==") == .basic(user: "test", password: "123£"))
        #expect(Authorization("bAsIc YTpiOmM=") == .basic(user: "a", password: "b:c"))
        #expect(Authorization("Basic Og==") == .basic(user: "", password: ""))
    }

    @Test
    func `a bearer token is taken as it is`() {
        #expect(Authorization("Bearer kal_x") == .bearer("kal_x"))
        #expect(Authorization("bearer  kal_x") == .bearer("kal_x"))
    }

    @Test(arguments: [
        "", "Basic", "Basic ", "Basic !!!!", "Basic YWI=", "Basic YTr/", "Basic YToK", "Bearer", "Bearer ",
        "Digest a=b",
        "Basic " + String(repeating: "A", count: 5000),
    ])
    func `anything else is nobody`(_ value: String) {
        #expect(Authorization(value) == nil)
    }

    @Test
    func `secrets are not printed`() {
        #expect("\(Authorization.basic(user: "a", password: "b"))" == "Basic a:•••")
        #expect(String(reflecting: Authorization.bearer("b")) == "Bearer •••")
    }
}

extension Gateway {
    fileprivate func principal(_ name: String, _ password: String) async throws -> Principal? {
        try await authenticator.principal(basic: name, password: password)
    }
}
