import ArgumentParser
import Foundation
import Policy
import Sandbox

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs a command sealed: it reaches nothing that the policy does not grant.",
    discussion: """
      By default the command works on a copy-on-write view of the current directory, reads the \
      system, and has no network but what the policy or --allow grants. What it changed is shown by 'caisson diff' and taken by \
      'caisson apply'.

      Example:
        caisson run -- sh -c 'echo hi > note.txt'
        caisson diff last
        caisson apply last

      Exit status: the command's own; 125 Caisson failed, 126 denied by the policy, 127 command \
      not found, 128+n ended by signal n.
      """
  )

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A policy file, or the name of a profile: \(Profile.names.joined(separator: ", ")).",
      valueName: "file"
    ),
    completion: .file()
  )
  var policy = "default"

  @Option(
    name: .customLong("in"),
    help: ArgumentHelp("The workspace; the current directory by default.", valueName: "dir"),
    completion: .directory
  )
  var directory: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How the command sees the workspace: overlay, branch (of a git repository), direct or none; the policy says by default.",
      valueName: "mode"
    ),
    completion: .list(["overlay", "branch", "direct", "none"])
  )
  var workspace: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A host that may be reached besides, at port 443 or the one named; may be repeated.",
      valueName: "host[:port]"
    )
  )
  var allow: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Packages may be got from where your own package managers get them: python, system or node; may be repeated.",
      valueName: "kind"
    ),
    completion: .list(PackageRule.Kind.allCases.map(\.rawValue))
  )
  var packages: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A stored secret that is used towards the host it is bound to; may be repeated.",
      valueName: "name"
    )
  )
  var secret: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Ask at the terminal about hosts that nothing grants (--learn), or refuse and record them (--learn=record); see 'caisson policy learn'.",
      valueName: "ask|record"
    ),
    completion: .list(Learning.allCases.map(\.rawValue))
  )
  var learn: Learning?

  @Flag(name: .long, help: "Record each file access that the policy refuses (slower).")
  var traceDenials = false

  @Flag(name: .long, help: "Record which program makes each connection.")
  var tracePrograms = false

  @Flag(name: .long, help: "Print nothing but what the command prints.")
  var quiet = false

  @Flag(name: .long, help: "Print the summary as JSON, on standard error.")
  var json = false

  /// For a server that whoever started it talks to: it may hang, and they may be killed.
  @Flag(name: .long, help: .hidden)
  var endsWithInput = false

  @Flag(name: .long, help: .hidden)
  var session = false

  @Option(name: .long, help: .hidden)
  var runId: String?

  @Option(name: .long, help: .hidden)
  var branchAt: String?

  @Flag(name: .long, help: .hidden)
  var noModels = false

  @Flag(name: .long, help: .hidden)
  var modelsKey = false

  @Argument(parsing: .postTerminator, help: "The command and its arguments, after '--'.")
  var command: [String] = []

  func validate() throws {
    if session {
      if noModels, modelsKey {
        throw ValidationError("--no-models leaves out what --models-key is for")
      }
      guard command.isEmpty else {
        throw ValidationError("a session has no command: what runs in it is said on its input")
      }
      return
    }
    if runId != nil || branchAt != nil || noModels || modelsKey {
      throw ValidationError(
        "--run-id, --branch-at, --no-models and --models-key belong to --session"
      )
    }
    if command.isEmpty {
      throw ValidationError("name the command after '--': caisson run -- CMD ARG…")
    }
  }

  func run() throws { start() }

  private var models: RunModels.Access {
    if noModels { return .none }
    guard modelsKey else { return .ownKey }
    // Without the key that was meant there is none.
    return SessionService.inheritedKey().map { .key($0) } ?? .none
  }

  /// Runs the command and exits with its status.
  func start() -> Never {
    let session = RunSession(
      policyName: policy,
      directory: directory,
      mode: workspace,
      tracesDenials: traceDenials,
      tracesPrograms: tracePrograms,
      quiet: quiet,
      json: json,
      allowed: allow,
      packages: packages,
      secrets: secret,
      learning: learn,
      service: session ? SessionService(runID: runId, models: models, beginning: branchAt) : nil,
      endsWithInput: endsWithInput,
      command: session ? [SessionService.program] : command
    )
    Foundation.exit(session.run())
  }
}
