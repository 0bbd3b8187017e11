import ArgumentParser

@main
struct Caisson: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "caisson",
    abstract: "Runs AI agents, and any other program, sealed behind a policy.",
    version: version,
    subcommands: [RunCommand.self, RunsCommand.self, AuditCommand.self, DoctorCommand.self]
  )
}
