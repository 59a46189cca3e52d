#if canImport(Glibc)
    import Glibc
#endif

/// The negative results of `Kernel.receive` and `Kernel.send` that callers tell apart; all others end a
/// connection.
public enum KernelCode {
    public static let wouldBlock = -Int(EAGAIN)
    public static let connectionReset = -Int(ECONNRESET)
    public static let brokenPipe = -Int(EPIPE)
}
