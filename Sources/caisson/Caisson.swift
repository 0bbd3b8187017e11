import ArgumentParser

/// The composition root's front door.
@main
enum Main {
  static func main() {
    // A run pays its start each time: it is read without building the tree of all commands. Where
    // that does not succeed, or help is wanted, the whole parser says what is wrong.
    let arguments = CommandLine.arguments.dropFirst()
    let options = arguments.dropFirst().prefix { $0 != "--" }
    if arguments.first == "run", arguments.contains("--"),
      !options.contains(where: { $0.hasPrefix("-h") || $0.contains("help") }),
      let command = try? RunCommand.parse(Array(arguments.dropFirst()))
    {
      command.start()
    }
    Caisson.main()
  }
}

struct Caisson: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "caisson",
    abstract: "Runs AI agents, and any other program, sealed behind a policy.",
    version: version,
    subcommands: [
      RunCommand.self, DiffCommand.self, ApplyCommand.self, DiscardCommand.self, UndoCommand.self,
      RunsCommand.self, AuditCommand.self, DoctorCommand.self, PolicyCommand.self,
    ]
  )
}
