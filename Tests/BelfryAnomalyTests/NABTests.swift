import BelfryAnomaly
import BelfryAnomalyLab
import Foundation
import Testing

/// The Numenta Anomaly Benchmark: 35 of its files, in the data folder.
@Suite struct NABTests {
    private func files() throws -> [NABSeries] {
        let folder = dataFolder().appending(path: "nab")
        let labels = try JSONDecoder().decode(
            [String: [[String]]].self, from: Data(contentsOf: folder.appending(path: "windows.json")))
        return try labels.keys.sorted().map { name in
            let text = try String(contentsOf: folder.appending(path: "data/\(name)"), encoding: .utf8)
            return try #require(NABSeries(name: name, text: text, labels: labels[name] ?? []))
        }
    }

    /// Rows of `relativeEntropy_standard_scores.csv` of the benchmark's repository, at its threshold of 0.5.
    private let relativeEntropyRows: [String: Double] = [
        "artificialNoAnomaly/art_daily_small_noise.csv": -0.55,
        "artificialWithAnomaly/art_daily_jumpsup.csv": 0.86067182427,
        "artificialWithAnomaly/art_load_balancer_spikes.csv": 0.779398691694,
        "realAdExchange/exchange-2_cpm_results.csv": -2.4018765947,
        "realAdExchange/exchange-4_cpm_results.csv": -2.24176321244,
        "realAWSCloudwatch/ec2_cpu_utilization_77c1ca.csv": 0.23126912244,
        "realAWSCloudwatch/ec2_disk_write_bytes_c0d644.csv": 0.283523538878,
        "realAWSCloudwatch/grok_asg_anomaly.csv": -1.3770401369,
        "realAWSCloudwatch/rds_cpu_utilization_e47b3b.csv": 1.71956648491,
        "realKnownCause/machine_temperature_system_failure.csv": -0.916101489945,
        "realKnownCause/rogue_agent_key_updown.csv": -2.48766861129,
        "realTraffic/speed_t4013.csv": 1.73071587178,
        "realTweets/Twitter_volume_AAPL.csv": -0.692809244546,
        "realTweets/Twitter_volume_CVS.csv": 2.45677603817,
    ]

    /// The same of `windowedGaussian_standard_scores.csv`, whose threshold is printed as 1.0.
    private let windowedGaussianRows: [String: Double] = [
        "artificialWithAnomaly/art_load_balancer_spikes.csv": -0.692444609523,
        "realAdExchange/exchange-3_cpc_results.csv": 2.50266326119,
        "realAdExchange/exchange-4_cpm_results.csv": 1.27471036268,
        "realAWSCloudwatch/ec2_cpu_utilization_ac20cd.csv": 0.86067182427,
        "realAWSCloudwatch/ec2_disk_write_bytes_1ef3de.csv": -4.19089678552,
        "realAWSCloudwatch/ec2_network_in_5abac7.csv": -3.52193223519,
        "realAWSCloudwatch/grok_asg_anomaly.csv": 2.37942230674,
        "realKnownCause/cpu_utilization_asg_misconfiguration.csv": -1.11,
        "realKnownCause/rogue_agent_key_updown.csv": -1.3964908955,
        "realTraffic/speed_t4013.csv": 1.76631783122,
        "realTraffic/TravelTime_387.csv": -1.79598133079,
        "realTweets/Twitter_volume_AMZN.csv": 1.55848299457,
        "realTweets/Twitter_volume_CVS.csv": 0.773682061394,
        "realTweets/Twitter_volume_GOOG.csv": -0.146777355167,
    ]

    @Test func `the scorer gives a published detector its published scores, file by file`() throws {
        let scorer = NABScorer(.standard)
        for series in try files() {
            if let published = relativeEntropyRows[series.name] {
                let raw = scorer.raw(series, scores: relativeEntropy(series.values), threshold: 0.5)
                #expect(abs(raw - published) < 1e-9, "\(series.name)")
            }
            if let published = windowedGaussianRows[series.name] {
                let raw = scorer.raw(series, scores: windowedGaussian(series.values), threshold: 1 - 1e-12)
                #expect(abs(raw - published) < 1e-9, "\(series.name)")
            }
        }
    }

    @Test func `the series detector passes its bars with one threshold for all files`() throws {
        let outcomes = NABTrial.outcomes(NABTrial.scores(try files()))
        #expect(outcomes.map(\.score)[0] >= 58)
        #expect(outcomes.map(\.score)[1] >= 45)
        #expect(outcomes.map(\.score)[2] >= 62)
    }

    @Test func `silence scores nothing and the first row of each window scores a hundred`() throws {
        let files = try files()
        let silent = files.map { (series: $0, scores: $0.values.map { _ in 0.0 }) }
        let perfect = files.map { series in
            var scores = series.values.map { _ in 0.0 }
            for window in series.windows { scores[max(window.lowerBound, series.probation)] = 1 }
            return (series: series, scores: scores)
        }
        for profile in NABProfile.all {
            #expect(NABScorer(profile).best(silent).score == 0)
            #expect(NABScorer(profile).best(perfect).score > 99.9)
        }
    }

    @Test func `a line that is no sample makes a file unreadable, not wrong`() {
        #expect(
            NABSeries(
                name: "x", text: "timestamp,value\n2014-01-01 00:00:00,1\n2014-01-01 00:05:00,x", labels: [])
                == nil)
        #expect(NABSeries(name: "x", text: "timestamp,value\nyesterday,1", labels: []) == nil)
        let series = NABSeries(name: "x", text: "timestamp,value\n1970-01-02 00:00:10,1.5", labels: [])
        #expect(series?.times == [86_410] && series?.values == [1.5])
    }
}
