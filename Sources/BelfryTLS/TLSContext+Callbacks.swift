internal import COpenSSL

// What OpenSSL calls back during a handshake. Each callback finds its Swift side, asks, and translates.

/// ALPN (RFC 7301): `http/1.1` or a fatal `no_application_protocol`; a client that offers nothing is welcome.
@c(belfry_choose_protocol) func belfryChooseProtocol(
    _ ssl: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenCount: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?, _ offeredCount: UInt32,
    _ argument: UnsafeMutableRawPointer?
) -> CInt {
    let list = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredCount))
    var index = 0
    while index < list.count {
        let length = unsafe Int(list[index])
        let end = index &+ 1 &+ length
        guard end <= list.count else { break }
        let name = unsafe UnsafeBufferPointer(rebasing: list[(index &+ 1)..<end])
        if unsafe name.elementsEqual("http/1.1".utf8) {
            unsafe chosen?.pointee = name.baseAddress
            unsafe chosenCount?.pointee = UInt8(truncatingIfNeeded: length)
            return SSL_TLSEXT_ERR_OK
        }
        index = end
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}

/// Notes fatal alerts for the failure to come.
///
/// Called for handshake states and alerts only, never for a record of data.
@c(belfry_note_alert) func belfryNoteAlert(_ ssl: OpaquePointer?, _ event: CInt, _ value: CInt) {
    guard event & SSL_CB_ALERT != 0, let wire = unsafe TLSTransport.wire(of: SSL_get_rbio(ssl)) else {
        return
    }
    let alert = TLSAlert(rawValue: UInt8(truncatingIfNeeded: value))
    let isFatal = value >> 8 == SSL3_AL_FATAL
    if event & SSL_CB_READ != 0 {
        if isFatal { unsafe wire.pointee.alertReceived = alert }
        return
    }
    if isFatal { unsafe wire.pointee.alertSent = alert }
    // A refused renegotiation is answered inside SSL_read, which then would read on: stop, so that it gets counted.
    if alert == .noRenegotiation { unsafe wire.pointee.pausesReading = true }
}

/// Gives the key that seals a ticket, or finds the one that opens it.
@c(belfry_ticket_key) func belfryTicketKey(
    _ ssl: OpaquePointer?, _ name: UnsafeMutablePointer<UInt8>?, _ vector: UnsafeMutablePointer<UInt8>?,
    _ cipher: OpaquePointer?, _ mac: OpaquePointer?, _ isSealing: CInt
) -> CInt {
    guard let pointer = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0), let name = unsafe name,
        let vector = unsafe vector
    else { return -1 }
    let context = unsafe Unmanaged<TLSContext>.fromOpaque(pointer)
    return unsafe context._withUnsafeGuaranteedRef { context in
        isSealing == 1
            ? unsafe context.seal(name, vector, cipher, mac) : unsafe context.open(name, vector, cipher, mac)
    }
}

extension TLSContext {
    fileprivate func seal(
        _ name: UnsafeMutablePointer<UInt8>, _ vector: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer?,
        _ mac: OpaquePointer?
    ) -> CInt {
        unsafe Random.fill(UnsafeMutableRawBufferPointer(start: vector, count: 16))
        return unsafe tickets.withSealingKey { key in
            let target = unsafe UnsafeMutableRawBufferPointer(start: name, count: 16)
            unsafe target.copyMemory(from: key.name)
            let start = unsafe key.cipherKey.baseAddress?.assumingMemoryBound(to: UInt8.self)
            guard unsafe EVP_EncryptInit_ex2(cipher, ticketCipher, start, vector, nil) == 1,
                unsafe belfry_mac_set_sha256_key(mac, key.macKey.baseAddress, key.macKey.count) == 1
            else { return -1 }
            return 1
        }
    }

    /// 0: unknown, so a full handshake follows.
    ///
    /// 2: honoured, and a fresh ticket is due.
    fileprivate func open(
        _ name: UnsafeMutablePointer<UInt8>, _ vector: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer?,
        _ mac: OpaquePointer?
    ) -> CInt {
        let wanted = unsafe UnsafeRawBufferPointer(start: name, count: 16)
        let answer = unsafe tickets.withKey(named: wanted) { key, isPrevious -> CInt in
            let start = unsafe key.cipherKey.baseAddress?.assumingMemoryBound(to: UInt8.self)
            guard unsafe EVP_DecryptInit_ex2(cipher, ticketCipher, start, vector, nil) == 1,
                unsafe belfry_mac_set_sha256_key(mac, key.macKey.baseAddress, key.macKey.count) == 1
            else { return -1 }
            return isPrevious ? 2 : 1
        }
        return answer ?? 0
    }
}

// A ticket carries a tag of the host name it was issued under, and is honoured under that name only: a session of one
// host must never open another (CVE-2025-23419). OpenSSL decides about TLS 1.2 tickets before it has read the name, so
// the tag comes from the gate.

@c(belfry_seal_host) func belfrySealHost(_ ssl: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> CInt
{
    guard let wire = unsafe TLSTransport.wire(of: SSL_get_rbio(ssl)) else { return 0 }
    var tag = unsafe wire.pointee.hostTag
    return unsafe SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), &tag, MemoryLayout<UInt64>.size)
}

@c(belfry_check_host) func belfryCheckHost(
    _ ssl: OpaquePointer?, _ session: OpaquePointer?, _ keyName: UnsafePointer<UInt8>?, _ keyNameCount: Int,
    _ status: CInt, _ argument: UnsafeMutableRawPointer?
) -> CInt {
    guard status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW else {
        return SSL_TICKET_RETURN_IGNORE_RENEW
    }
    var data: UnsafeMutableRawPointer?
    var count = 0
    guard let wire = unsafe TLSTransport.wire(of: SSL_get_rbio(ssl)),
        unsafe SSL_SESSION_get0_ticket_appdata(session, &data, &count) == 1,
        count == MemoryLayout<UInt64>.size,
        let data = unsafe data, unsafe data.loadUnaligned(as: UInt64.self) == wire.pointee.hostTag
    else { return SSL_TICKET_RETURN_IGNORE_RENEW }
    // A ticket carries the client's certificate and the verdict on it, which was true when it was made.
    if let certificate = unsafe SSL_SESSION_get0_peer(session),
        unsafe X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0
    {
        return SSL_TICKET_RETURN_IGNORE_RENEW
    }
    // TLS 1.3 clients use a ticket once (RFC 8446, C.4): without a new one the next handshake would be a full one.
    let renews = unsafe status == SSL_TICKET_SUCCESS_RENEW || SSL_version(ssl) >= TLS1_3_VERSION
    return renews ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE
}
