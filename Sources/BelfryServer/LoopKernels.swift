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

    /// Whether nobody else listens there.
    ///
    /// The loops share their port (`SO_REUSEPORT`), and so would a second relay, started by mistake: half of the clients
    /// would reach each. So each address is taken once without sharing.
    func checkFree(_ addresses: [ListenAddress]) throws(StartFailure) {
        guard let kernel = crates.last?.kernel else { return }
        for address in addresses where address.port != 0 {
            do {
                kernel.close(try kernel.listen(address, backlog: 1, reusePort: false))
            } catch {
                throw StartFailure(description: "can not listen on \(address): \(error)")
            }
        }
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
