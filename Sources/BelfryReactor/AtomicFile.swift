import Glibc

/// Writes a whole file so that nobody ever sees half of it.
public enum AtomicFile {
    /// Puts `bytes` in the place of the file, readable for its owner only.
    ///
    /// They are written beside it, made durable, and renamed; on a failure the file is what it was.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let draft = path + ".new"
        // What a process that was killed left behind.
        _ = unsafe unlink(draft)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = unsafe open(draft, flags, mode_t(0o600))
        guard descriptor >= 0 else { throw SystemError(.file, code: errno) }
        let failure = write(bytes, to: descriptor)
        close(descriptor)
        if let failure {
            _ = unsafe unlink(draft)
            throw failure
        }
        guard unsafe rename(draft, path) == 0 else { throw SystemError(.file, code: errno) }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> SystemError? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return SystemError(.file, code: errno) }
            rest = rest.dropFirst(count)
        }
        return fsync(descriptor) == 0 ? nil : SystemError(.file, code: errno)
    }
}
