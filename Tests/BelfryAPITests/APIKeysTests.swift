import Testing

@testable import BelfryAPI

@Suite struct APIKeysTests {
    private let keys = APIKeys([
        APIKey(name: "shop", key: Array("shop-key".utf8), scopes: [.method(.publish)], expiresAt: 1_000),
        APIKey(name: "desk", key: Array("desk-key".utf8), scopes: [.read]),
        APIKey(name: "root", key: Array("root-key".utf8), scopes: [.all]),
    ])

    private func find(_ text: String?, at now: Int64 = 0) -> Result<String, APIKeyRefusal> {
        do throws(APIKeyRefusal) {
            return .success(try keys.find(text.map { Array($0.utf8) }, at: now).name)
        } catch {
            return .failure(error)
        }
    }

    @Test func `a key is found by its bytes alone`() {
        #expect(find("shop-key") == .success("shop"))
        #expect(find("desk-key") == .success("desk"))
        for wrong in ["shop-ke", "shop-key ", "Shop-key", "shop", "desk-keyshop-key"] {
            #expect(find(wrong) == .failure(.unknown))
        }
        #expect(find(nil) == .failure(.missing) && find("") == .failure(.missing))
    }

    @Test func `a key works until the second of its end`() {
        #expect(find("shop-key", at: 999) == .success("shop"))
        #expect(find("shop-key", at: 1_000) == .failure(.expired(name: "shop")))
    }

    @Test func `without keys nobody is let in`() {
        #expect(APIKeys().isEmpty && !keys.isEmpty)
        #expect(throws: APIKeyRefusal.unknown) { try APIKeys().find([1], at: 0) }
    }

    @Test(arguments: APIMethod.allCases) func `a scope allows what it names and nothing else`(
        method: APIMethod
    ) {
        func allows(_ scope: APIScope) -> Bool {
            APIKey(name: "k", key: [1], scopes: [scope]).allows(method)
        }
        let isFree = method == .batch || method == .rpc
        #expect(allows(.all))
        #expect(allows(.read) == !method.isWrite)
        #expect(allows(.method(.publish)) == (isFree || method == .publish))
        #expect(allows(.method(.disconnect)) == (isFree || method == .disconnect))
    }

    @Test func `a key that was found stands for what it may now, until it is replaced or ends`() throws {
        let found = APIKey(name: "siem", key: [1, 2], scopes: [.events], expiresAt: 100)
        let narrowed = APIKeys([APIKey(name: "other", key: [1, 2], scopes: [.read])])
        #expect(APIKeys([found]).current(found, at: 99)?.allowsEvents == true)
        #expect(APIKeys([found]).current(found, at: 100) == nil)
        #expect(narrowed.current(found, at: 99)?.allowsEvents == false)
        #expect(APIKeys([APIKey(name: "siem", key: [9], scopes: [.events])]).current(found, at: 1) == nil)
    }

    @Test func `only the scope events follows the journal, only admin orders the process about`() {
        for scope in APIScope.allCases {
            #expect(APIKey(name: "k", key: [1], scopes: [scope]).allowsEvents == (scope == .events))
            #expect(APIKey(name: "k", key: [1], scopes: [scope]).allowsAdministration == (scope == .admin))
        }
    }

    @Test func `scopes are written as their methods are`() {
        for scope in APIScope.allCases { #expect(APIScope(rawValue: scope.rawValue) == scope) }
        #expect(APIScope(rawValue: "history_remove") == .method(.historyRemove))
        for word in ["batch", "rpc", "write", "", "ALL"] { #expect(APIScope(rawValue: word) == nil) }
    }

    @Test(arguments: [
        (APIScope.tap, true, false), (.tapBodies, true, true), (.all, false, false), (.read, false, false),
        (.method(.publish), false, false),
    ])
    func `reading along is allowed by its own scopes alone`(scope: APIScope, events: Bool, bodies: Bool) {
        let key = APIKey(name: "k", key: [1], scopes: [scope])
        #expect(key.allowsTap(withBodies: false) == events && key.allowsTap(withBodies: true) == bodies)
        let calls = APIMethod.allCases.filter { $0 != .batch && $0 != .rpc }
        if scope == .tap || scope == .tapBodies { #expect(!calls.contains(where: key.allows)) }
    }

    @Test func `a key does not show itself`() {
        let text = String(describing: keys) + String(reflecting: keys)
        #expect(!text.contains("shop-key"))
        var dumped = ""
        dump(keys, to: &dumped)
        #expect(!dumped.contains("shop-key"))
    }
}
