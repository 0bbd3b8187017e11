import ArgumentParser

@main
struct Caisson: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "caisson",
    abstract: "Runs AI agents, and any other program, sealed behind a policy.",
    version: "0.1.0",
    subcommands: [RunsCommand.self, AuditCommand.self]
  )
}
