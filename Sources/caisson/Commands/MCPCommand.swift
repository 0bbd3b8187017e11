import ArgumentParser
import CLinux
import Foundation
import Glibc
import MCP
import Policy
import WorkWire

/// `caisson mcp`: Caisson's own tools, for programs that speak the Model Context Protocol.
struct MCPCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mcp",
    abstract: "Offers Caisson's own tools to other programs.",
    subcommands: [Serve.self]
  )

  /// `caisson mcp serve`
  struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "serve",
      abstract: "Serves tools for giving and following work, on standard input and output.",
      discussion: """
        For the configuration of a host (an editor, a desktop assistant, another agent): its model \
        can give work below the directories named by --in, under the policy named here, for no more \
        than --budget an assignment, and see what came of it. It cannot answer what an assignment \
        asks: you do, with 'caisson approve'. It ends with its standard input.

        Example:
          caisson mcp serve --in ~/src --budget 2.00
          caisson mcp serve --in ~/src/app --policy ~/policies/app.yaml --allow-apply
        """
    )

    @Option(
      name: .customLong("in"),
      help: ArgumentHelp(
        "Work may be given below this directory; the current one by default.",
        valueName: "dir"
      ),
      completion: .directory
    )
    var directories: [String] = []

    @Option(
      help: ArgumentHelp("What one assignment may cost, in US dollars.", valueName: "2.00")
    )
    var budget = "1.00"

    @Option(
      help: ArgumentHelp(
        "What all that is given under --name may cost, for good; no bound by default.",
        valueName: "20.00"
      )
    )
    var total: String?

    @Option(
      help: "The host: it may change what was given under this name, and --total counts that."
    )
    var name = "host"

    @Option(
      help: ArgumentHelp("Assignments under way at a time.", valueName: "number")
    )
    var atOnce = 8

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
        "How agents see the workspace: overlay, direct or none; the policy says by default.",
        valueName: "mode"
      ),
      completion: .list(["overlay", "direct"])
    )
    var workspace: String?

    @Option(
      help: "The agent where none is named: caisson, or one that 'caisson agents' lists.",
      completion: .list(["caisson", "mini-swe-agent", "aider"])
    )
    var agent: String?

    @Option(help: "The model where none is named.")
    var model: String?

    @Flag(help: "Offer a tool that takes an assignment's changes into its directory, too.")
    var allowApply = false

    func validate() throws {
      guard (1...1_000).contains(atOnce) else { throw ValidationError("--at-once is 1 to 1000") }
    }

    func run() throws {
      try reportingWork {
        let host = StdioHost(
          ServerSession.Identity(
            name: "caisson",
            version: Caisson.version,
            instructions: Self.instructions
          ),
          tools: try tools().all
        )
        // A host that is gone is an error of a write.
        _ = cl_ignore_signal(SIGPIPE)
        try waitingFor { try await host.serve() }
      }
    }

    private func tools() throws -> WorkTools {
      // A policy that cannot be read is told now, and not to a model.
      _ = try PolicySource.load(policy)
      let home = try Home.current()
      let purse = try ServedPurse(name: name, total: try total.map(WorkOrder.money), home: home)
      var limits = WorkTools.Limits(budget: try WorkOrder.money(budget), purse: purse)
      limits.policy = policy
      limits.workspace = workspace
      limits.agent = agent
      limits.model = model
      limits.mostUnderWay = atOnce
      limits.allowsApply = allowApply
      return WorkTools(
        home: home,
        places: try ServedPlaces(directories.isEmpty ? ["."] : directories),
        limits: limits
      )
    }

    private static let instructions = """
      Caisson runs agents sealed behind a policy. Give work with assign, follow it with wait and logs, \
      and see what came of it with diff and bill. Changes are held back until a person takes them. What \
      an assignment asks is answered by a person alone, with `caisson approve ID`: tell them.
      """
  }
}
