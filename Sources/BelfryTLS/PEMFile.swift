internal import COpenSSL

/// The bytes of a PEM file, in locked memory since it may hold a key.
struct PEMFile: ~Copyable {
    /// A chain of ten certificates is under 20 KiB.
    static let byteLimit = 262_144

    private let bytes: LockedMemory
    private let count: Int

    init(reading file: String) throws(CertificateError) {
        let bytes = LockedMemory(byteCount: Self.byteLimit + 1)
        count = try Self.read(file, into: bytes)
        self.bytes = bytes
    }

    /// Lends a BIO that reads the file from its beginning.
    func withReader<Result>(_ body: (OpaquePointer) -> Result) -> Result? {
        unsafe bytes.withBytes { bytes in
            guard let reader = unsafe BIO_new_mem_buf(bytes.baseAddress, CInt(clamping: count)) else {
                return nil
            }
            defer { unsafe BIO_free(reader) }
            return unsafe body(reader)
        }
    }

    /// Whether the text stands anywhere in the file: the decoder's own reasons do not tell "none" from "broken".
    func contains(_ text: StaticString) -> Bool {
        unsafe bytes.withBytes { bytes in
            let needle = unsafe UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
            return unsafe bytes.prefix(count).indices.contains { unsafe bytes[$0...].starts(with: needle) }
        }
    }

    private static func read(_ file: String, into bytes: borrowing LockedMemory) throws(CertificateError)
        -> Int
    {
        ERR_clear_error()
        guard let input = unsafe BIO_new_file(file, "r") else {
            throw .unreadable(file: file, systemError: systemError(ErrorQueue.drain()))
        }
        defer { unsafe BIO_free(input) }
        let count = unsafe bytes.withBytes { unsafe fill($0, from: input) }
        let failure = ErrorQueue.drain()
        guard count >= 0 else { throw .unreadable(file: file, systemError: systemError(failure)) }
        guard count <= byteLimit else { throw .tooLarge(file: file, limit: byteLimit) }
        return count
    }

    /// The byte count, or -1.
    private static func fill(_ target: UnsafeMutableRawBufferPointer, from input: OpaquePointer) -> Int {
        var filled = 0
        while filled < target.count {
            let free = unsafe UnsafeMutableRawBufferPointer(rebasing: target[filled...])
            let count = unsafe BIO_read(input, free.baseAddress, CInt(clamping: free.count))
            if count < 0 { return -1 }
            if count == 0 { break }
            filled += Int(count)
        }
        return filled
    }

    /// OpenSSL marks errors of the system by the top bit of 32 (`ERR_SYSTEM_FLAG`).
    private static func systemError(_ code: UInt64) -> Int32 {
        code & 0x8000_0000 != 0 ? Int32(code & 0x7FFF_FFFF) : 0
    }
}
