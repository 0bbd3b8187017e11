import ArgumentParser
import Foundation
import Policy

extension PolicyCommand {
  /// `caisson policy diff A B`
  struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "diff",
      abstract: "Says what one policy allows that another does not.",
      discussion: """
        Grants are compared entry by entry; one that lies within a grant of the other policy is \
        not mentioned.

        Example:
          caisson policy diff default caisson.yaml

        Exit status: 0 the second allows nothing more, 1 it does, 126 one is not well-formed.
        """
    )

    @Argument(help: "A policy file, or the name of a profile.", completion: .file())
    var first: String

    @Argument(help: "The one to compare it with.", completion: .file())
    var second: String

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
      try PolicyCommand.reporting {
        let difference = PolicyDifference(
          from: try PolicySource.read(first),
          to: try PolicySource.read(second)
        )
        if json {
          print(try JSONText.encode(["more": difference.more, "less": difference.less]))
        } else {
          show("\(second) allows, and \(first) does not:", difference.more)
          show("\(first) allows, and \(second) does not:", difference.less)
          if difference.isEmpty { print("the two allow the same".printable) }
        }
        if !difference.more.isEmpty { throw ExitCode.failure }
      }
    }

    private func show(_ title: String, _ sentences: [String]) {
      guard !sentences.isEmpty else { return }
      print(title.printable)
      for sentence in sentences { print("  \(sentence)".printable) }
    }
  }
}
