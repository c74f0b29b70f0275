/// The name under which the log tells of one request, wherever in its answering it is written.
public enum RequestID {
    /// The request that the present task answers; nil outside of any.
    @TaskLocal public static var current: String?
}
