import CLinux

#if canImport(Glibc)
    import Glibc
#endif

/// What a server asks of its process before it opens anything.
public enum ProcessSetup {
    /// A write to a dead socket returns `EPIPE` instead of killing the process.
    ///
    /// OpenSSL writes with `write`, which has no `MSG_NOSIGNAL`, so this has to hold for the whole process.
    public static func ignoreBrokenPipes() throws(SystemError) {
        _ = try SystemError.check(clinux_ignore_broken_pipe(), .signals)
    }

    /// Raises the soft limit of open descriptors to the hard one; a shell's usual 1,024 would end at 1,000
    /// clients.
    ///
    /// - Returns: The limits that hold now.
    public static func raiseDescriptorLimit() throws(SystemError) -> (soft: UInt64, hard: UInt64) {
        var soft: UInt64 = 0
        var hard: UInt64 = 0
        _ = try SystemError.check(unsafe clinux_raise_descriptor_limit(&soft, &hard), .option)
        return (soft, hard)
    }

    /// Lowers or raises the soft limit, up to the hard one.
    public static func setDescriptorLimit(_ soft: UInt64) throws(SystemError) {
        _ = try SystemError.check(clinux_set_descriptor_limit(soft), .option)
    }

    /// What this machine is called (gethostname(2)); `nil` when it has no name.
    public static var hostName: String? {
        let name = unsafe String(unsafeUninitializedCapacity: 65) { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            return unsafe base.withMemoryRebound(to: CChar.self, capacity: buffer.count) { text in
                unsafe clinux_host_name(text) < 0 ? 0 : strlen(text)
            }
        }
        return name.isEmpty ? nil : name
    }

    /// Cores this process may use, at least 1; a container's share rather than the machine's.
    public static var availableCores: Int { max(1, Int(clinux_available_cores())) }
}
