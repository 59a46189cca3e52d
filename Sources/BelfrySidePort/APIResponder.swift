import BelfryAPI
import BelfryProtocol
import HTTPTypes
import Hummingbird
import NIOCore

/// `POST /api/<method>`: key, method, scope, body, in this order, so that whoever has no key costs and learns nothing.
struct APIResponder: Sendable {
    let service: any APIService
    let bodyBytesMax: Int

    func answer(to request: Request, methodName: Substring, peer: String) async -> Answer {
        var call = APICall(method: APIMethod(rawValue: String(methodName)), peerAddress: peer)
        let answer = await answer(to: request, &call)
        call.status = answer.status.code
        service.note(call)
        return answer
    }

    private func answer(to request: Request, _ call: inout APICall) async -> Answer {
        call.end = .refused
        guard !service.keys.isEmpty else {
            return .apiError(.notFound, .notAvailable, "the server API is off: there is no key in api.keys")
        }
        guard request.method == .post else { return .apiWrongMethod }
        let key: APIKey
        do throws(APIKeyRefusal) {
            key = try service.keys.find(Self.presentedKey(request.headers), at: service.unixSeconds())
        } catch {
            return deny(error, &call)
        }
        call.actor = key.name
        guard let method = call.method else {
            return .apiError(.notFound, .methodNotFound, "unknown method; known are \(Self.methodNames)")
        }
        if method.isWrite { call.writes = [method] }
        guard key.allows(method) else {
            call.end = .denied(.scope)
            return .apiError(
                .forbidden, .permissionDenied, "the key \(key.name) has no scope for \(method.rawValue)")
        }
        return await run(request, method, key, &call)
    }

    private func run(
        _ request: Request, _ method: APIMethod, _ key: APIKey, _ call: inout APICall
    ) async -> Answer {
        guard let body = await body(of: request) else {
            return .apiError(
                .contentTooLarge, .limitExceeded,
                "the body is longer than \(bodyBytesMax) bytes (api.max_body)")
        }
        let command: APICommand
        do throws(JSONError) {
            command = try APIReader.command(method, body)
        } catch {
            return .apiError(
                .badRequest, .badRequest, "the body is not what \(method.rawValue) takes: \(error)")
        }
        if case .batch(let items, _) = command { call.writes = Self.writes(of: items, key) }
        let outcome = await service.run(command, for: key)
        if case .success = outcome { call.end = .done } else { call.end = .failed }
        return Answer(.ok, "application/json", APIWriter.answer(outcome) + [UInt8(ascii: "\n")])
    }

    private static func writes(of items: [BatchItem], _ key: APIKey) -> [APIMethod] {
        APIMethod.allCases.filter { method in
            method.isWrite && key.allows(method) && items.contains { $0.method == method }
        }
    }

    private func deny(_ refusal: APIKeyRefusal, _ call: inout APICall) -> Answer {
        if call.method?.isWrite == true, let method = call.method { call.writes = [method] }
        switch refusal {
        case .missing:
            call.end = .denied(.missing)
            return .unauthorized("a key is needed: X-API-Key, or Authorization: apikey")
        case .unknown:
            call.end = .denied(.unknown)
            return .unauthorized("this key is not known")
        case .expired(let name):
            call.end = .denied(.expired)
            call.actor = name
            return .unauthorized("the key \(name) has expired")
        }
    }

    private static let methodNames = APIMethod.allCases.map(\.rawValue).joined(separator: ", ")

    /// `X-API-Key: …`, or `Authorization: apikey …`; never the query, which ends in logs.
    ///
    /// Two keys are none: one of them might be somebody else's.
    static func presentedKey(_ fields: HTTPFields) -> [UInt8]? {
        let keys = HTTPField.Name("X-API-Key").map { fields[values: $0] } ?? []
        let tokens = fields[values: .authorization].compactMap { value -> String? in
            let parts = value.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "apikey" else { return nil }
            return String(parts[1])
        }
        let all = keys + tokens
        return all.count == 1 ? all.first.map { Array($0.utf8) } : nil
    }

    /// `nil` when it is too long.
    private func body(of request: Request) async -> [UInt8]? {
        var body: [UInt8] = []
        do {
            for try await buffer in request.body {
                guard body.count + buffer.readableBytes <= bodyBytesMax else { return nil }
                body.append(contentsOf: buffer.readableBytesView)
            }
        } catch {
            // The connection ended in the middle: whatever is answered is heard by nobody.
            return nil
        }
        return body
    }
}

extension Answer {
    static func apiError(_ status: HTTPResponse.Status, _ error: ErrorCode, _ words: String) -> Answer {
        Answer(status, "application/json", APIWriter.error(error, words) + [UInt8(ascii: "\n")])
    }

    static func unauthorized(_ words: String) -> Answer {
        var answer = apiError(.unauthorized, .unauthorized, words)
        answer.headers[.wwwAuthenticate] = "apikey"
        return answer
    }

    static var apiWrongMethod: Answer {
        var answer = apiError(.methodNotAllowed, .badRequest, "POST")
        answer.headers[.allow] = "POST"
        return answer
    }
}
