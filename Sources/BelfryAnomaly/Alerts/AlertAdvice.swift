// What a person who is woken needs in the first minute; the runbook has the rest.

extension AlertName {
    /// What the condition is, and what usually brings it about.
    package var explanation: String {
        switch self {
        case .authFailureBurst:
            "Many more tokens are refused than is usual. Either somebody tries tokens, or an issuer's keys or clocks have "
                + "changed: a mix of reasons that is mostly \"expired\" or \"kid\" after a deploy is no attack."
        case .credentialStuffing:
            "Tokens of many different subjects fail from one network. An office behind one address has few failing users; "
                + "this is what trying out stolen or made-up accounts looks like."
        case .distributedStuffing:
            "Many networks fail once or twice each, far more than is usual, so that no limit by address sees any of them."
        case .tokenReplay:
            "One token is used from several networks at the same time, for longer than a change of networks explains: it was "
                + "probably copied."
        case .addressChurn:
            "One user has come from many networks within ten minutes: a stolen account, a shared one, or a phone on a train."
        case .connectionFlood:
            "Far more connections arrive than is usual, most from one network or without going on to authenticate."
        case .tlsFailureSpike:
            "A far greater share of TLS handshakes fails than is usual: our certificate or chain, a client release, or a "
                + "scanner."
        case .tlsDowngradeProbe:
            "Clients offer nothing newer than TLS 1.1 and are refused. Usually a scanner; sometimes very old devices."
        case .messageRateSpike:
            "One sender makes a third or more of all publications, at a rate that is passed once in a hundred thousand ticks."
        case .fanoutAmplification:
            "Each message reaches unusually many receivers, and one channel makes up most of the deliveries."
        case .slowConsumers:
            "An unusual share of connections does not take what is sent to it: their network, or our way to it."
        case .reconnectStorm:
            "Clients that were here minutes ago come back together: after a deploy, a broken network, or a client's bug."
        case .deliveryLatencyShift:
            "Messages take clearly longer from the publisher's socket to the receivers' than they usually do."
        case .errorRatioShift:
            "A far greater share of commands is refused than is usual: a client release, a lost permission, or a misuse."
        case .trafficVanished:
            "Far fewer messages arrive than is usual at this hour, or the relay does not reach itself through its public port."
        case .limiterSaturation:
            "Limits hold back an unusual share of the users who are active: the limits are too low, or they are abused."
        case .auditLoss:
            "Audit entries were lost, or none has been read back from the journal for two minutes. What happened meanwhile "
                + "may be provable from nowhere."
        case .expiryOrClock:
            "A certificate ends soon, token keys were not renewed in time, or the time of day has jumped by more than a second."
        }
    }

    /// What to do first.
    package var action: String {
        switch self {
        case .authFailureBurst:
            "Look at the reasons of auth.failure; block a network that stands out, or roll the keys back."
        case .credentialStuffing:
            "Block the network; have the subjects it got in with change their credentials."
        case .distributedStuffing:
            "Tighten limits.address.handshakes; have the issuer ask for more than a password."
        case .tokenReplay: "Revoke the token and the user's sessions; ask the issuer who got it."
        case .addressChurn: "Ask the user or the issuer; revoke the user's tokens when in doubt."
        case .connectionFlood: "Block the network that leads, here or upstream; check limits.address."
        case .tlsFailureSpike:
            "Check the served chain with openssl s_client; compare fingerprints in tls.handshake_failed."
        case .tlsDowngradeProbe:
            "Nothing, if the sources are scanners; otherwise tell the owners of the devices."
        case .messageRateSpike:
            "Check limits.user.publish; disconnect or block the sender if it is no service of yours."
        case .fanoutAmplification:
            "Find the channel's senders; limit limits.channel.publish or split the channel."
        case .slowConsumers: "See whether one network leads; then check bandwidth and the size of messages."
        case .reconnectStorm:
            "See why connections closed (conn.close reason); stop the deploy, or let clients wait longer."
        case .deliveryLatencyShift:
            "Look at belfry_event_loop_lag_seconds, the processors and the outbound queues."
        case .errorRatioShift:
            "Look at the reasons of belfry_messages_rejected_total; compare with the last client release."
        case .trafficVanished:
            "Try to connect from outside; check DNS, load balancer, certificate and listeners, in this order."
        case .limiterSaturation:
            "See which scope engages in ratelimit.engaged; raise it, or block who abuses it."
        case .auditLoss: "Check journald, its disk and its rate limits; keep the relay's standard error."
        case .expiryOrClock: "Renew the certificate or the keys and send SIGHUP; check the time service."
        }
    }
}
