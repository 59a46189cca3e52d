internal import COpenSSL

// The BIO_METHOD of the loop: three callbacks, each finds the wire, asks it, and translates.

extension TLSTransport {
    static func makeMethod() -> OpaquePointer? {
        guard let method = unsafe BIO_meth_new(belfry_bio_type(), "belfry") else { return nil }
        unsafe BIO_meth_set_read_ex(method, belfryBIORead)
        unsafe BIO_meth_set_write_ex(method, belfryBIOWrite)
        unsafe BIO_meth_set_ctrl(method, belfryBIOControl)
        return unsafe method
    }

    static func wire(of bio: OpaquePointer?) -> UnsafeMutablePointer<Wire>? {
        unsafe BIO_get_data(bio)?.assumingMemoryBound(to: Wire.self)
    }
}

@c(belfry_bio_read) func belfryBIORead(
    _ bio: OpaquePointer?, _ target: UnsafeMutablePointer<CChar>?, _ count: Int,
    _ moved: UnsafeMutablePointer<Int>?
) -> CInt {
    unsafe belfry_bio_clear_retry(bio)
    guard let wire = unsafe TLSTransport.wire(of: bio), let target = unsafe target else { return 0 }
    let outcome = unsafe wire.pointee.give(UnsafeMutableRawPointer(target), count)
    if case .tryLater = outcome { unsafe belfry_bio_retry_read(bio) }
    return unsafe report(outcome, moved)
}

@c(belfry_bio_write) func belfryBIOWrite(
    _ bio: OpaquePointer?, _ source: UnsafePointer<CChar>?, _ count: Int, _ moved: UnsafeMutablePointer<Int>?
) -> CInt {
    unsafe belfry_bio_clear_retry(bio)
    guard let wire = unsafe TLSTransport.wire(of: bio), let source = unsafe source else { return 0 }
    let outcome = unsafe wire.pointee.take(UnsafeRawPointer(source), count)
    if case .tryLater = outcome { unsafe belfry_bio_retry_write(bio) }
    return unsafe report(outcome, moved)
}

/// Flushing is all we grant.
///
/// `BIO_CTRL_EOF` is denied on purpose: OpenSSL would answer a truncation with an alert that nobody reads;
/// the session sees the end of the stream for itself.
@c(belfry_bio_control) func belfryBIOControl(
    _ bio: OpaquePointer?, _ command: CInt, _ number: CLong, _ pointer: UnsafeMutableRawPointer?
) -> CLong {
    command == BIO_CTRL_FLUSH ? 1 : 0
}

private func report(_ outcome: Wire.Outcome, _ moved: UnsafeMutablePointer<Int>?) -> CInt {
    guard case .moved(let count) = outcome else { return 0 }
    unsafe moved?.pointee = count
    return 1
}
