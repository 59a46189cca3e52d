import BelfryReactor
import Dispatch

// Unchecked: a crate is opened once, by the thread of its loop; nobody else has touched the kernel since it was made.
private struct KernelCrate: @unchecked Sendable {
    let kernel: LinuxKernel
}

/// The kernels of the loops, until each goes to the thread of its own.
struct LoopKernels: ~Copyable {
    /// One waker a loop, in order.
    let wakers: [any Waker]
    private var crates: [KernelCrate]

    init(count: Int) throws(StartFailure) {
        var kernels: [LinuxKernel] = []
        do {
            for _ in 0..<count { kernels.append(try LinuxKernel()) }
        } catch {
            throw StartFailure(description: "\(error)")
        }
        crates = kernels.reversed().map { KernelCrate(kernel: $0) }
        wakers = kernels.map(\.waker)
    }

    /// Starts the next loop and waits until it listens.
    ///
    /// - Returns: The addresses it is bound to.
    mutating func start(_ plan: LoopPlan, in group: DispatchGroup) throws(LoopFailure) -> [ListenAddress] {
        guard let crate = crates.popLast() else { preconditionFailure("a loop without a kernel") }
        let start = LoopStart()
        do {
            try LoopThread.start(plan, in: group, reportingTo: start) { crate.kernel }
        } catch {
            throw LoopFailure(description: "\(error)")
        }
        return try start.wait()
    }
}
