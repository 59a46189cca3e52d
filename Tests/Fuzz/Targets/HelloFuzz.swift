// modules: BelfryBytes
// files: Sources/BelfryTLS/ByteCursor.swift Sources/BelfryTLS/ClientHello.swift Sources/BelfryTLS/ClientHello+Parsing.swift Sources/BelfryTLS/ClientHello+JA4.swift Sources/BelfryTLS/ClientHelloGate.swift Sources/BelfryTLS/HelloRefusal.swift Sources/BelfryTLS/TLSAlert.swift Sources/BelfryTLS/TLSFailure.swift
//
// Any bytes may come as the first flight. Whatever they are: nothing traps, no more is kept than allowed, how they were
// cut makes no difference, and a fingerprint has 36 characters. The files are pure, so they are compiled in without
// OpenSSL.

/// One round: `start` points to `count` bytes, or to nothing when there are none; the first tells how to cut.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHello(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
    let bytes = unsafe Array(input)
    guard let size = bytes.first else { return 0 }
    // The envelope first; then the same bytes as the body of a hello, which random records seldom reach.
    let flight = Array(bytes.dropFirst().prefix(ClientHelloGate.byteLimit))
    precondition(
        absorb(flight, in: flight.count) == absorb(flight, in: Int(size) + 1), "a cut changed the verdict")
    examine(ClientHello(parsing: flight.span, in: 0..<flight.count))
    return 0
}

private func absorb(_ flight: [UInt8], in size: Int) -> HelloStep {
    var gate = ClientHelloGate()
    var step = HelloStep.needsRead
    var start = 0
    while step == .needsRead, start < flight.count {
        let end = min(flight.count, start + max(size, 1))
        step = gate.absorb(Array(flight[start..<end]).span)
        start = end
    }
    precondition(gate.byteCount <= ClientHelloGate.byteLimit, "the gate keeps too much")
    if case .complete(let hello) = step { examine(hello) }
    return step
}

private func examine(_ hello: ClientHello) {
    let fingerprint = hello.ja4 { Array($0.prefix(32)) + Array(repeating: 0, count: 6) }
    precondition(fingerprint.utf8.count == 36, "a fingerprint of \(fingerprint.utf8.count) characters")
    _ = hello.legacyOffer
    let printable = hello.serverName?.utf8.allSatisfy { (0x2D...0x7A).contains($0) } ?? true
    precondition(printable, "a host name that could forge a log line")
}
