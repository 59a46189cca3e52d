extension ClientSession {
    /// Whether a verified token says that the connection is that user's, however far it has come.
    package func belongs(to name: String) -> Bool {
        !name.isEmpty && user.utf8.count == name.utf8.count && user.utf8.elementsEqual(name.utf8)
    }
}
