import ArgumentParser
import CLinux
import Foundation
import Glibc
import Policy

/// `caisson acp`: an agent for editors.
struct ACPCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "acp",
    abstract: "Is an agent for editors that speak the Agent Client Protocol.",
    discussion: """
      For the configuration of an editor, which starts it. Each message of yours is an assignment in \
      the directory that the editor has open, under the policy named here. What the agent asks is \
      asked in the editor, and at its end you see its changes there and say whether they are taken. \
      When the editor is gone the work goes on: 'caisson tasks'.

      Example:
        caisson acp --policy ~/policies/app.yaml --budget 2.00
        caisson acp --agent aider --model default
      """
  )

  @Option(
    help: "The agent: caisson, or one that 'caisson agents' lists.",
    completion: .list(["caisson", "mini-swe-agent", "aider"])
  )
  var agent: String?

  @Option(
    help: "The model, as the gateway knows it; 'default', or the only one, by default."
  )
  var model: String?

  @Option(
    help: ArgumentHelp(
      "What each message may spend on models, in US dollars.",
      valueName: "2.00"
    )
  )
  var budget: String?

  @Option(
    help: ArgumentHelp(
      "A policy file, or the name of a profile: \(Profile.names.joined(separator: ", ")).",
      valueName: "file"
    ),
    completion: .file()
  )
  var policy = "default"

  @Option(
    help: ArgumentHelp(
      "How the agent sees the workspace: overlay, direct or none; the policy says by default.",
      valueName: "mode"
    ),
    completion: .list(["overlay", "direct", "none"])
  )
  var workspace: String?

  @Option(help: ArgumentHelp("Answers of the model at most.", valueName: "number"))
  var turns: Int?

  @Flag(
    help: "Show in the editor what is asked and what was changed, and let nobody decide there."
  )
  var decideElsewhere = false

  func validate() throws {
    if let turns, !(1...10_000).contains(turns) {
      throw ValidationError("--turns is 1 to 10000")
    }
  }

  func run() throws {
    try reportingWork {
      // A policy that cannot be read is told now.
      _ = try PolicySource.load(policy)
      var settings = EditorTurn.Settings()
      settings.policy = policy
      settings.agent = agent
      settings.model = model
      settings.budget = try budget.map(WorkOrder.money)
      settings.workspace = workspace
      settings.turns = turns
      settings.decidesElsewhere = decideElsewhere
      let host = EditorHost(home: try Home.current(), settings: settings)
      // An editor that is gone is an error of a write.
      _ = cl_ignore_signal(SIGPIPE)
      try waitingFor { try await host.serve() }
    }
  }
}
