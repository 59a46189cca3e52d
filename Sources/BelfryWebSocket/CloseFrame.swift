private import BelfryBytes

/// What a close frame said; one with an empty body says nothing and is `nil`.
package struct CloseFrame: Equatable, Sendable {
    package let code: CloseCode
    /// At most 123 bytes of text chosen by the peer: never log it unescaped.
    package let reason: String

    package init(code: CloseCode, reason: String = "") {
        self.code = code
        self.reason = reason
    }

    /// Reads the body of a received close frame (RFC 6455, section 5.5.1).
    ///
    /// - Returns: `nil` for an empty body.
    /// - Throws: ``FrameError/closePayloadOfOneByte``, ``FrameError/invalidCloseCode(_:)`` or
    ///   ``FrameError/invalidUTF8``.
    static func decode(_ body: Span<UInt8>) throws(FrameError) -> CloseFrame? {
        if body.isEmpty { return nil }
        guard body.count >= 2 else { throw .closePayloadOfOneByte }
        let code = CloseCode(rawValue: UInt16(body[0]) &<< 8 | UInt16(body[1]))
        guard code.isValidOnWire else { throw .invalidCloseCode(code.rawValue) }
        let reason = body.extracting(droppingFirst: 2)
        var validator = UTF8Validator()
        guard validator.consume(reason), validator.isComplete else { throw .invalidUTF8 }
        return CloseFrame(code: code, reason: String(decoding: [UInt8](copying: reason), as: UTF8.self))
    }

    /// The whole frame that answers `received`: the same code back, or an empty body for an empty body
    /// (section 5.5.1: "typically echos the status code").
    package static func echo(_ received: CloseFrame?) -> [UInt8] {
        guard let received else { return FrameEncoder.frame(opcode: .close, payload: [UInt8]().span) }
        return FrameEncoder.closeFrame(received.code, reason: "")
    }
}
