import ArgumentParser
import Foundation
import Journal
import Policy
import SystemPackage

extension PolicyCommand {
  /// `caisson policy learn RUN`
  struct Learn: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "learn",
      abstract: "Says what a run's policy lacks for what the run was denied on the network.",
      discussion: """
        Prints the lines of the policy's network that would change, as a diff. What a run asked \
        for is not a reason to allow it: read the lines first. --write saves the policy whole.

        Example:
          caisson policy learn last
          caisson policy learn last --write caisson.yaml
        """
    )

    @Argument(
      help: ArgumentHelp("A run: its name, the beginning of one, or 'last'.", valueName: "run")
    )
    var named: String

    @Option(
      help: ArgumentHelp("Write the policy with the additions to a new file.", valueName: "file"),
      completion: .file()
    )
    var write: String?

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
      try PolicyCommand.reporting {
        let home = try Home.current()
        guard let journal = try home.existingJournal() else { throw JournalError.unknownRun(named) }
        let run = try journal.resolve(named)
        let former = try PolicySource.read(
          home.runs.appending(run).appending("policy.yaml").string
        )
        let learning = PolicyLearning(former, seen: try observed(run, journal))
        let text = learning.document.canonicalText
        if let write { try save(text, to: write) }
        if json {
          let difference = PolicyDifference(from: former, to: learning.document)
          print(
            try JSONText.encode(
              LearnText(policy: text, added: difference.more, notes: learning.notes)
            )
          )
          return
        }
        show(former, learning)
      }
    }

    private func observed(_ run: String, _ journal: Journal) throws -> [ObservedRequest] {
      var seen: [ObservedRequest] = []
      var last: Int64 = 0
      while true {
        let rows = try journal.rows(run: run, after: last, limit: 1000)
        guard let end = rows.last?.sequence else { return seen }
        last = end
        for row in rows {
          // Neither a datagram nor what a limit refused can be granted.
          if case .networkGranted(let granted) = row.event {
            // What a person granted for one run is what the next one wants.
            seen.append(
              ObservedRequest(
                host: granted.host,
                port: granted.port,
                method: nil,
                path: nil,
                isDenied: true
              )
            )
          }
          guard case .network(let event) = row.event, event.kind != "packet",
            event.transport != "udp", !event.host.isEmpty
          else { continue }
          seen.append(
            ObservedRequest(
              host: event.host,
              port: event.kind == "name" ? 0 : event.port,
              method: event.method,
              path: event.path,
              isDenied: event.verdict == .denied
            )
          )
        }
      }
    }

    private func show(_ former: PolicyDocument, _ learning: PolicyLearning) {
      let before = former.network.map(\.canonicalText)
      let after = learning.document.network.map(\.canonicalText)
      if before == after { print("nothing would change: no denial of the run can be lifted") }
      if before != after { print("network:") }
      for line in before where before != after && !after.contains(line) {
        print("-  - \(line)".printable)
      }
      for line in after where before != after {
        print("\(before.contains(line) ? " " : "+")  - \(line)".printable)
      }
      for note in learning.notes { print("note: \(note)".printable) }
    }

    private func save(_ text: String, to file: String) throws {
      do {
        try Data(text.utf8).write(to: URL(filePath: file), options: .withoutOverwriting)
      } catch CocoaError.fileWriteFileExists {
        throw RunSession.Refusal.failed("\(file) is there already; name a new file")
      }
    }
  }
}

/// What `learn --json` prints.
private struct LearnText: Encodable {
  let policy: String
  let added: [String]
  let notes: [String]
}
