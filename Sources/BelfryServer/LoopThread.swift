import BelfryBroker
import BelfryBytes
import BelfryDeflate
import BelfryDelta
import BelfryHub
import BelfryProtocol
import BelfryReactor
import BelfryStore
import BelfryTLS
import BelfryWebSocket
import Dispatch
import Synchronization

/// What a loop needs that another thread made, all of it `Sendable`.
struct LoopPlan: Sendable {
    let index: Int
    let settings: LoopSettings
    let observer: LoopObserver
    let listeners: ListenPlan
    let heartbeat: LoopHeartbeat
    let mailbox: Mailbox<LoopMessage>
    let material: TLSMaterial
    /// `nil` when nothing is kept on disk.
    let lane: StoreLane?

    /// Epochs differ from start to start.
    func makeBroker() -> any Broker {
        if let broker = lane?.makeBroker() { return broker }
        return MemoryBroker(
            seed: .random(in: 0 ... .max), limits: StreamLimits().share(of: settings.mailboxes.count))
    }
}

extension StreamLimits {
    /// The loops share the node's bounds evenly.
    func share(of loops: Int) -> StreamLimits {
        StreamLimits(
            byteCount: byteCount / loops, streams: streams / loops, idempotencyKeys: idempotencyKeys / loops)
    }
}

/// The first thing a loop's thread says: what it listens on, or why it can not.
final class LoopStart: Sendable {
    private let outcome = Mutex<Result<[ListenAddress], LoopFailure>?>(nil)
    private let semaphore = DispatchSemaphore(value: 0)

    func report(_ result: Result<[ListenAddress], LoopFailure>) {
        outcome.withLock { $0 = result }
        semaphore.signal()
    }

    func wait() throws(LoopFailure) -> [ListenAddress] {
        semaphore.wait()
        switch outcome.withLock({ $0 }) {
        case .success(let addresses)?: return addresses
        case .failure(let failure)?: throw failure
        case nil: preconditionFailure("a loop reported without an outcome")
        }
    }
}

/// Why a loop did not start.
struct LoopFailure: Error, CustomStringConvertible {
    let description: String
    /// The address that could not be listened on, if that was it.
    var address: ListenAddress?
    var errno: Int32 = 0
}

enum LoopThread {
    /// Runs one loop on its own thread until it is drained.
    ///
    /// - `group`: Entered here, left when the loop has ended.
    /// - `kernel`: Called once, on the loop's thread.
    static func start(
        _ plan: LoopPlan, in group: DispatchGroup, reportingTo start: LoopStart,
        kernel: @escaping @Sendable () -> LinuxKernel
    ) throws(SystemError) {
        group.enter()
        _ = try RunningThread.start(named: "loop-\(plan.index)") {
            defer { group.leave() }
            do throws(LoopFailure) {
                var loop = try makeLoop(plan, kernel())
                start.report(.success(try listen(&loop, plan)))
                _ = loop.run()
            } catch {
                start.report(.failure(error))
            }
        }
    }

    private static func makeLoop(
        _ plan: LoopPlan, _ kernel: LinuxKernel
    ) throws(LoopFailure) -> EventLoop<LoopWorker<LinuxKernel>> {
        let context: TLSContext
        do {
            context = try plan.settings.makeTLSContext(plan.material)
        } catch {
            throw LoopFailure(description: "tls: \(error)")
        }
        let compression = try makeCompression(plan)
        let home = HomeHub(
            loops: plan.settings.mailboxes.count, broker: plan.makeBroker(),
            presence: MemoryPresence(), encoder: PushFrame.encoder(compression?.compressor))
        let worker = LoopWorker<LinuxKernel>(
            index: plan.index, settings: plan.settings, tls: context, transport: .overSockets(),
            observer: plan.observer, home: home, compression: compression)
        return EventLoop(kernel: kernel, mailbox: plan.mailbox, heartbeat: plan.heartbeat, delegate: worker)
    }

    private static func makeCompression(_ plan: LoopPlan) throws(LoopFailure) -> LoopCompression? {
        guard let settings = plan.settings.compression else { return nil }
        guard let compression = LoopCompression(settings) else {
            throw LoopFailure(description: "client.compression: no memory for zlib")
        }
        return compression
    }

    private static func listen(
        _ loop: inout EventLoop<LoopWorker<LinuxKernel>>, _ plan: LoopPlan
    ) throws(LoopFailure) -> [ListenAddress] {
        switch plan.listeners {
        case .own(let addresses): return try open(addresses, in: &loop)
        case .inherited(let sockets):
            try adopt(sockets, in: &loop)
            return plan.listeners.addresses
        }
    }

    private static func adopt(
        _ sockets: [InheritedListener], in loop: inout EventLoop<LoopWorker<LinuxKernel>>
    ) throws(LoopFailure) {
        for socket in sockets {
            do {
                try loop.reactor.adopt(listener: try socket.duplicate())
            } catch {
                throw LoopFailure(
                    description: "can not listen on \(socket.address): \(error)", address: socket.address,
                    errno: error.code)
            }
        }
    }

    private static func open(
        _ addresses: [ListenAddress], in loop: inout EventLoop<LoopWorker<LinuxKernel>>
    ) throws(LoopFailure) -> [ListenAddress] {
        var bound: [ListenAddress] = []
        for address in addresses {
            do {
                let listener = try loop.reactor.listen(address, backlog: Relay.backlog, reusePort: true)
                let port = try loop.reactor.kernel.localPort(of: listener)
                bound.append(ListenAddress(ip: address.ip, port: port))
            } catch {
                throw LoopFailure(
                    description: "can not listen on \(address): \(error)", address: address, errno: error.code
                )
            }
        }
        return bound
    }
}

/// Makes the one WebSocket frame of a push that all receivers of its form share.
enum PushFrame {
    /// Without a compressor, nothing is compressed.
    static func encoder(_ compressor: FrameCompressor?) -> PushEncoder {
        // One patch serves both codecs, so it must be one that JSON can carry.
        PushEncoder(
            frame: encode, patch: { FossilDelta.patch(from: $0, to: $1, literals: .text) },
            compress: { compressor?.compressed($0) })
    }

    static func encode(_ push: HubPush, _ variant: FrameVariant) -> [UInt8]? {
        let codec = variant.codec
        var message: [UInt8] = []
        switch push {
        case .publication(let channel, let publication):
            guard let written = publication.written(as: variant) else { return nil }
            message.reserveCapacity(written.data.count + 256)
            codec.pushes.publication(channel: channel, written, into: &message)
        case .join(let channel, let info): codec.pushes.join(channel: channel, info, into: &message)
        case .leave(let channel, let info): codec.pushes.leave(channel: channel, info, into: &message)
        }
        return FrameEncoder.frame(opcode: codec.isText ? .text : .binary, payload: message.span)
    }
}

extension Publication {
    /// `nil` when it can not be written in that form.
    fileprivate func written(as variant: FrameVariant) -> Publication? {
        switch variant {
        case .json, .protobuf, .protobufPatch: isReadable(by: variant.codec) ? self : nil
        case .jsonString, .jsonPatch: quoted()
        }
    }
}
