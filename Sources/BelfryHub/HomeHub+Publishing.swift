import BelfryBroker
import BelfryProtocol

// From the broker's events to the loops with members: each form of a push is made once.

extension HomeHub {
    mutating func publish(_ event: BrokerPublication, into deliveries: inout [RoutedDelivery]) {
        guard let step = channels[event.channel]?.receive(event), step.all.total > 0 else { return }
        if step.isGap {
            push(.insufficientState(channel: event.channel, .gap), to: step.loops, into: &deliveries)
        }
        let delivery = encode(event, step)
        push(.publication(channel: event.channel, delivery), to: step.loops, into: &deliveries)
    }

    /// Tells positioned members that they have missed something.
    func loseState(
        of channel: String, _ cause: PositionLoss, into deliveries: inout [RoutedDelivery]
    ) {
        guard let loops = channels[channel]?.loops else { return }
        push(.insufficientState(channel: channel, cause), to: loops, into: &deliveries)
    }

    /// Tells the members of a channel that belongs to one connection that another has come.
    func displace(from channel: String, into deliveries: inout [RoutedDelivery]) {
        guard let loops = channels[channel]?.loops else { return }
        push(.displaced(channel: channel), to: loops, into: &deliveries)
    }

    mutating func announce(
        _ push: HubPush, of channel: String, into deliveries: inout [RoutedDelivery]
    ) {
        guard let home = channels[channel], home.all.total > 0 else { return }
        var frames = PushFrames()
        if home.all.json + home.all.jsonDelta > 0 { frames.json = encoder.frame(push, .json) }
        if home.all.protobuf + home.all.protobufDelta > 0 {
            frames.protobuf = encoder.frame(push, .protobuf)
        }
        compress(&frames, for: home.compressed)
        self.push(.joinOrLeave(channel: channel, frames), to: home.loops, into: &deliveries)
    }

    private func encode(_ event: BrokerPublication, _ step: HomeChannel.Step) -> PublicationDelivery {
        let full = HubPush.publication(channel: event.channel, event.publication)
        var frames = PushFrames()
        if let patch = step.base.flatMap({ encoder.patch($0, event.publication.data) }) {
            encodePatch(patch, event, step, into: &frames)
        }
        if step.all.json > 0 { frames.json = encoder.frame(full, .json) }
        // Where there is no patch for a codec, its members with a base get the data in full as well.
        if step.all.jsonDelta > 0, step.hasNewcomers || frames.jsonPatch == nil {
            frames.jsonString = encoder.frame(full, .jsonString)
        }
        let fullForDelta = step.hasNewcomers || frames.protobufPatch == nil
        if step.all.protobuf > 0 || (step.all.protobufDelta > 0 && fullForDelta) {
            frames.protobuf = encoder.frame(full, .protobuf)
        }
        compress(&frames, for: step.compressed)
        return PublicationDelivery(
            frames: frames, offset: event.position?.offset ?? 0, tags: event.publication.tags,
            receivedAt: event.receivedAt)
    }

    /// Compresses each form once that some member takes compressed.
    private func compress(_ frames: inout PushFrames, for members: MemberCounts) {
        guard members.total > 0 else { return }
        for variant in FrameVariant.allCases where members.mayTake(variant) {
            guard let frame = frames[variant], let shorter = encoder.compress(frame) else { continue }
            frames.setCompressed(shorter, for: variant)
        }
    }

    private func encodePatch(
        _ patch: [UInt8], _ event: BrokerPublication, _ step: HomeChannel.Step,
        into frames: inout PushFrames
    ) {
        var publication = event.publication
        publication.data = patch
        publication.isDelta = true
        let push = HubPush.publication(channel: event.channel, publication)
        if step.all.jsonDelta > 0 { frames.jsonPatch = encoder.frame(push, .jsonPatch) }
        if step.all.protobufDelta > 0 { frames.protobufPatch = encoder.frame(push, .protobufPatch) }
    }

    private func push(
        _ delivery: HubDelivery, to loops: [MemberCounts], into deliveries: inout [RoutedDelivery]
    ) {
        for loop in loops.indices where loops[loop].total > 0 {
            deliveries.append(RoutedDelivery(loop: loop, delivery: delivery))
        }
    }
}
