/// Channel options of Centrifugo that Belfry does without.
///
/// Whoever brings a configuration along must not believe that they are in force.
enum ForeignOption {
    private static let proxy =
        "it asks no application on a client's behalf; use subscription tokens and the allow_… options"
    private static let expression = "it has no expressions; use subscription tokens and the allow_… options"
    private static let type = "it has stream subscriptions only"

    /// What to say about an option; `nil` for names that mean nothing there either.
    static func reason(for name: String) -> String? {
        switch name {
        case "subscribe_proxy_enabled", "subscribe_proxy_name", "publish_proxy_enabled",
            "publish_proxy_name", "sub_refresh_proxy_enabled", "sub_refresh_proxy_name",
            "subscribe_stream_proxy_enabled", "subscribe_stream_proxy_name",
            "subscribe_stream_proxy_bidirectional":
            proxy
        case "subscribe_cel", "publish_cel", "history_cel", "presence_cel": expression
        case "map", "shared_poll": type
        default: nil
        }
    }
}
