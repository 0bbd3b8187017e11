import ArgumentParser
import Foundation
import Policy
import Sandbox
import SystemPackage

/// `caisson policy`: what a policy says, before anything runs under it.
struct PolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "Checks and explains policies.",
    discussion: """
      Example:
        caisson policy check caisson.yaml
        caisson policy explain python --path ~/.ssh/config
        caisson policy import settings.json > caisson.yaml
      """,
    subcommands: [Check.self, Explain.self, Diff.self, Import.self, Learn.self]
  )
}

extension PolicyCommand {
  /// `caisson policy check FILE`
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check",
      abstract: "Reads a policy and names everything that is wrong with it.",
      discussion: """
        Each problem has its line, its key and what to write instead. What the policy grants and \
        Caisson does not enforce yet is noted: 'caisson run' refuses such a policy.

        Example:
          caisson policy check caisson.yaml

        Exit status: 0 the policy is well-formed, 126 it is not, 125 it cannot be read.
        """
    )

    @Argument(help: "A policy file, or the name of a profile.", completion: .file())
    var policy: String

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
      try PolicyCommand.reporting {
        let document: PolicyDocument
        do {
          document = try PolicySource.read(policy)
        } catch let error as PolicyError where json {
          print(try JSONText.encode(PolicyReport(policy, problems: error.problems)))
          throw ExitCode(126)
        }
        if json {
          print(try JSONText.encode(PolicyReport(policy, notes: document.unsupported)))
          return
        }
        print("\(policy): well-formed".printable)
        for note in document.unsupported { print("note: \(note)".printable) }
      }
    }
  }

  /// `caisson policy explain FILE`
  struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "explain",
      abstract: "Says what a policy allows, and why.",
      discussion: """
        Without a question, the whole policy in sentences. A relative path is meant below \
        the workspace.

        Example:
          caisson policy explain default --path .git/hooks/pre-commit --write
          caisson policy explain caisson.yaml --host api.example.com
          caisson policy explain caisson.yaml --request "GET https://api.example.com/v1/items"
        """
    )

    @Argument(help: "A policy file, or the name of a profile.", completion: .file())
    var policy: String

    @Option(help: "May a run read this path? With --write: may it write it?")
    var path: String?

    @Flag(help: "Ask about writing.")
    var write = false

    @Option(help: ArgumentHelp("May a run connect to this host?", valueName: "host[:port]"))
    var host: String?

    @Option(
      help: ArgumentHelp("May a run make this request?", valueName: "method url")
    )
    var request: String?

    @Option(
      name: .customLong("in"),
      help: ArgumentHelp("The workspace; the current directory by default.", valueName: "dir"),
      completion: .directory
    )
    var directory: String?

    @Flag(help: "Print a JSON object.")
    var json = false

    func validate() throws {
      if write, path == nil { throw ValidationError("--write asks about a path: add --path PATH") }
      if [path, host, request].compactMap(\.self).count > 1 {
        throw ValidationError("ask about one thing at a time: --path, --host or --request")
      }
      if let request, request.split(separator: " ").count != 2 {
        throw ValidationError("--request wants a method and an address: \"GET https://…\"")
      }
    }

    func run() throws {
      try PolicyCommand.reporting {
        var document = try PolicySource.read(policy)
        let place = directory ?? FileManager.default.currentDirectoryPath
        let workspace = HostTree.find(place, isSystem: false)?.real ?? place
        let home = Home.ofUser().flatMap { HostTree.find($0.string, isSystem: true) }?.real
        let own = try Home.current()
        // Questions about hosts are answered by what this machine's clients are configured to use.
        if host != nil || request != nil {
          _ = try RunPackages.expand(
            &document,
            workspace: document.workspace == .none ? nil : workspace,
            home: home
          )
        }
        let compiled = try CompiledPolicy(
          document,
          PolicyVariables(
            workspace: document.workspace == .none ? nil : workspace,
            home: home,
            ownDirectories: [own.state, own.config, own.runtime].map(\.string),
            installations: ProgramPlaces.installations(of: document.filesystem.programs)
          )
        )
        if let path {
          try answer(about: path, in: workspace, compiled)
        } else if let host {
          try answer(about: host, compiled)
        } else if let parts = request?.split(separator: " ").map(String.init) {
          let asked = Request.ask(method: parts[0], address: parts[1])
          let explanation = Explanation(asked, by: compiled)
          try show(explanation, [explanation.text])
        } else {
          try answer(compiled, in: workspace)
        }
      }
    }
  }
}

extension PolicyCommand {
  /// Reports what goes wrong as `run` does, so that a policy is refused in the same words.
  static func reporting(_ body: () throws -> Void) throws {
    try reportingFailures {
      do {
        try body()
      } catch let refusal as RunSession.Refusal {
        complain(refusal.message)
        throw ExitCode(refusal.status)
      } catch let error as PolicyError {
        for problem in error.problems { complain(problem.description) }
        throw ExitCode(126)
      }
    }
  }
}

extension PolicyCommand.Explain {
  private func answer(_ policy: CompiledPolicy, in workspace: String) throws {
    var (summary, notes) = (policy.summary, policy.unsupported)
    var document = policy.document
    do {
      let packages = try RunPackages.expand(
        &document,
        workspace: document.workspace == .none ? nil : workspace,
        home: policy.variables.home
      )
      summary += packages.addresses.map { "Here, packages come from \($0)." }
    } catch let refusal as RunSession.Refusal {
      // The policy says the same on a machine where nothing of it can be had.
      notes.append(refusal.message)
    }
    if json {
      let text = PolicyText(policy: policy.name, text: summary, notes: notes)
      print(try JSONText.encode(text))
      return
    }
    for line in summary { print(line.printable) }
    for note in notes { print("note: \(note)".printable) }
  }

  private func answer(about path: String, in workspace: String, _ policy: CompiledPolicy) throws {
    let absolute = Self.absolute(path, in: workspace)
    let explanation = Explanation(request(absolute), by: policy)
    var texts = [explanation.text]
    // A link is judged as it is written. Where it leads may be judged otherwise.
    if let real = HostTree.find(absolute, isSystem: true)?.real, real != absolute {
      let other = Explanation(request(real), by: policy)
      if other.decision.verdict != explanation.decision.verdict {
        texts.append("\(absolute) leads to \(real); \(other.text)")
      }
    }
    try show(explanation, texts)
  }

  private func answer(about host: String, _ policy: CompiledPolicy) throws {
    var name = host
    var port = UInt16(443)
    if let colon = host.lastIndex(of: ":"), host.firstIndex(of: ":") == colon || host.contains("]:")
    {
      guard let number = UInt16(host[host.index(after: colon)...]), number > 0 else {
        throw ValidationError("--host \(host): the port must be 1 to 65535")
      }
      name = String(host[..<colon])
      port = number
    }
    let explanation = Explanation(.connect(host: name, port: port), by: policy)
    try show(explanation, [explanation.text])
  }

  private func show(_ explanation: Explanation, _ texts: [String]) throws {
    if json {
      let decision = explanation.decision
      print(
        try JSONText.encode(
          PolicyAnswer(
            verdict: decision.verdict.rawValue,
            rule: decision.rule,
            remedy: decision.remedy,
            text: texts
          )
        )
      )
      return
    }
    for text in texts { print(text.printable) }
  }

  private func request(_ path: String) -> Request {
    write ? .write(path) : .read(path)
  }

  private static func absolute(_ path: String, in workspace: String) -> String {
    let whole = path.hasPrefix("/") ? path : "\(workspace)/\(path)"
    var parts: [Substring] = []
    for part in whole.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}

/// What `check --json` prints.
private struct PolicyReport: Encodable {
  struct Problem: Encodable {
    let line: Int
    let column: Int
    let key: String
    let what: String
    let remedy: String
  }

  let policy: String
  let ok: Bool
  let problems: [Problem]
  let notes: [String]

  init(_ policy: String, problems: [Policy.Problem] = [], notes: [String] = []) {
    self.policy = policy
    ok = problems.isEmpty
    self.problems = problems.map {
      Problem(line: $0.line, column: $0.column, key: $0.key, what: $0.what, remedy: $0.remedy)
    }
    self.notes = notes
  }
}

/// What `explain --json` prints about a whole policy.
private struct PolicyText: Encodable {
  let policy: String
  let text: [String]
  let notes: [String]
}

/// What `explain --json` prints about one question.
private struct PolicyAnswer: Encodable {
  let verdict: String
  let rule: String
  let remedy: String?
  let text: [String]
}
