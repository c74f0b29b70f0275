/// Whether somebody waits for what an upstream is being asked.
///
/// What a person has just done goes before what runs in the background: of each account's quota a part is kept for it.
public enum RequestPriority {
    /// Whether the requests of the current task carry out somebody's edit.
    @TaskLocal public static var isInteractive = false
}
