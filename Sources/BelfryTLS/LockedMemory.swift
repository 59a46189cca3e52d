internal import COpenSSL

/// Secret bytes: kept out of swap and core dumps where the kernel allows it, wiped when released.
///
/// Where `mlock` is refused (`RLIMIT_MEMLOCK`) the secret is still wiped; swap then is the operator's to encrypt.
@safe struct LockedMemory: ~Copyable {
    private let region: UnsafeMutableRawBufferPointer

    var count: Int { unsafe region.count }

    /// Zeroed memory of its own pages, so that locking it locks nobody else's.
    init(byteCount: Int) {
        let pages = (max(byteCount, 1) + 4095) / 4096 * 4096
        let memory = UnsafeMutableRawPointer.allocate(byteCount: pages, alignment: 4096)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: pages)
        _ = unsafe mlock(memory, pages)
        _ = unsafe madvise(memory, pages, MADV_DONTDUMP)
        unsafe region = UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
    }

    deinit {
        let pages = unsafe (max(region.count, 1) + 4095) / 4096 * 4096
        unsafe OPENSSL_cleanse(region.baseAddress, region.count)
        _ = unsafe madvise(region.baseAddress, pages, MADV_DODUMP)
        _ = unsafe munlock(region.baseAddress, pages)
        unsafe region.deallocate()
    }

    /// Lends the bytes for the length of one call.
    func withBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        unsafe body(region)
    }
}

// Sendable by proof: a value has one owner at a time. TicketKeys touches its memory under its mutex only; a CertifiedKey
// fills it before anybody else can see it and only reads it afterwards.
extension LockedMemory: @unchecked Sendable {}
