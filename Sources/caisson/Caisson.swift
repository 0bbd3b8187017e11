import ArgumentParser
import Foundation

/// The composition root's front door.
@main
enum Main {
  static func main() {
    StandardDescriptors.occupy()
    // A run pays its start each time.
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.first == "run",
      let session = RunSession(plainArguments: Array(arguments.dropFirst()))
    {
      Foundation.exit(session.run())
    }
    Caisson.main(Learning.complete(Array(arguments)))
    StandardDescriptors.settle()
  }
}

struct Caisson: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "caisson",
    abstract: "Runs AI agents, and any other program, sealed behind a policy.",
    version: version,
    subcommands: [
      RunCommand.self, DiffCommand.self, ApplyCommand.self, MergeCommand.self, DiscardCommand.self,
      UndoCommand.self,
      RunsCommand.self, AuditCommand.self, RevokeCommand.self, DoctorCommand.self,
      PolicyCommand.self, SecretCommand.self, ModelsCommand.self, RouteCommand.self,
      GatewayCommand.self, BillCommand.self, UpCommand.self, AssignCommand.self, TasksCommand.self,
      ShowCommand.self, LogsCommand.self, ApproveCommand.self, DenyCommand.self, StopCommand.self,
      ResumeCommand.self, AgentsCommand.self, MCPCommand.self, ACPCommand.self,
      HandoverCommand.self, ChatCommand.self,
    ]
  )
}
