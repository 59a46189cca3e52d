// Why a detector is in the state it is in, in one sentence.

extension DetectorRecord {
    var reason: String {
        switch state {
        case .firing: firingReason
        case .pending: pendingReason
        case .off: "its alerts are switched off (alerts.detectors)"
        case .warmingUp:
            "it has not seen enough of this half hour to know what is usual; fixed limits apply already"
        case .quiet: quietReason
        }
    }

    private var firingReason: String {
        let firing = alerts.filter { $0.firing > 0 }
        let names = firing.map(\.name).joined(separator: ", ")
        if firing.allSatisfy({ $0.mode == .shadow }) {
            return "\(names) fires, in the shadow: nobody is told"
        }
        if firing.allSatisfy({ $0.clearing == $0.firing }) {
            return "\(names) fires; its condition is false, and must stay so for the hold-down"
        }
        return "\(names) fires"
    }

    private var pendingReason: String {
        let nearest = alerts.filter { $0.pending > 0 }.min {
            $0.ticksNeeded - $0.ticks < $1.ticksNeeded - $1.ticks
        }
        guard let nearest else { return "" }
        return "the condition of \(nearest.name) is true for \(nearest.ticks) of \(nearest.ticksNeeded) ticks"
    }

    private var quietReason: String {
        guard let sight else { return "no tick has been judged yet" }
        if !sight.isJudged { return "there is too little to judge, or not of the kind it looks for" }
        return sight.score < sight.limit
            ? "the score is below its limit" : "a further condition of its alert is not true"
    }
}
