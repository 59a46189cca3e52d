import BelfryHub
import BelfryLimits
import BelfrySession

/// What the node of a test allows; everything a test does not mention is as a careful operator has it.
struct Rules {
    /// Namespace `chat`: everything is open to users with a token, and presence and joins are on.
    static let chat = ChannelOptions {
        $0.presence = true
        $0.joinLeave = true
        $0.allowSubscribeForClient = true
        $0.allowPublishForClient = true
        $0.allowPresenceForClient = true
    }

    var unnamed = ChannelOptions()
    var namespaces: [String: ChannelOptions] = ["chat": chat, "closed": ChannelOptions()]
    var isInsecure = false
    var allowsAnonymous = false
    var channelsMax = 128
    var graceSeconds: Int64 = 25
    var pingSeconds = 25
    var limits = LimitPolicy()
    var leeway: Int64 = 0
    var replyBytesMax = 1 << 19
    var personalChannel: PersonalChannel?
    var tokensNeedUser = false

    init(_ change: (inout Rules) -> Void = { _ in }) { change(&self) }

    func policy(users: ConnectionCounts) -> SessionPolicy {
        SessionPolicy(
            channels: ChannelDirectory(unnamed: unnamed, namespaces: namespaces), isInsecure: isInsecure,
            allowsAnonymous: allowsAnonymous, channelsMax: channelsMax, pingSeconds: pingSeconds,
            version: "relay 0.1.0", expiryGraceSeconds: graceSeconds, replyBytesMax: replyBytesMax,
            personalChannel: personalChannel, tokensNeedUser: tokensNeedUser,
            limits: CommandLimits(
                policy: limits, budgets: SharedLimits(budgets: 1_024), users: users,
                keys: LimitKeyMaker(seed: (1, 2))))
    }
}

extension ChannelOptions {
    init(_ change: (inout ChannelOptions) -> Void) {
        self.init()
        change(&self)
    }
}
