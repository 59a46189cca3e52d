/// Where events go.
///
/// Loops hold one of these and know nothing of journald.
package protocol EventSink: Sendable {
    /// Takes the event or counts it as lost; never blocks, never throws, callable from any thread.
    func record(_ event: Event)
}
