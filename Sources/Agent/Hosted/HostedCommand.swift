import Policy

/// The command of another agent as it is given to the run's shell, which has nothing to interpret in it:
/// each word stands in quotes.
struct HostedCommand: Equatable {
  let words: [String]
  /// What it reads on standard input; nil where that is empty.
  let input: String?
  /// Whether its standard input lasts.
  let talks: Bool

  init(_ agent: AgentDefinition, _ fillings: AgentDefinition.Fillings) {
    words = agent.words(fillings)
    talks = agent.manner == .acp
    input = !talks && agent.task == .stdin ? AgentDefinition.taskFile : nil
  }

  var line: String {
    let command = words.map(Self.quote).joined(separator: " ")
    return talks ? "exec \(command)" : "exec \(command) <\(Self.quote(input ?? "/dev/null"))"
  }

  private static func quote(_ word: String) -> String {
    "'" + word.replacing("'", with: #"'\''"#) + "'"
  }
}
