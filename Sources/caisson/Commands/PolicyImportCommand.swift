import ArgumentParser
import Foundation
import Policy

extension PolicyCommand {
  /// `caisson policy import FILE`
  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import",
      abstract: "Says a policy of another tool in Caisson's words.",
      discussion: """
        Reads OpenShell's version 1 (and NemoClaw's presets), the settings of Anthropic's \
        sandbox-runtime, and the sandbox_mode of a Codex config.toml. What cannot be said exactly \
        is said more narrowly or left out; every such place stands in a comment above the policy.

        Example:
          caisson policy import sandbox-policy.yaml > caisson.yaml

        Exit status: 0 imported, 126 refused, 125 it cannot be read.
        """
    )

    @Argument(help: "The file.", completion: .file())
    var file: String

    @Option(help: "What the file is: openshell, sandbox-runtime or codex. Guessed by default.")
    var format: String?

    @Flag(help: "Grant to every program of a run what the file grants to named programs.")
    var anyProgram = false

    @Flag(help: "Print a JSON object.")
    var json = false

    func validate() throws {
      let names = PolicyImport.Format.allCases.map(\.rawValue)
      if let format, !names.contains(format) {
        throw ValidationError("--format \(format): use one of \(names.joined(separator: ", "))")
      }
    }

    func run() throws {
      try PolicyCommand.reporting {
        let text = try PolicySource.text(of: file)
        let imported = try PolicyImport.read(
          text,
          file: file,
          format: format.flatMap(PolicyImport.Format.init) ?? .guess(text, file: file),
          grantsAnyProgram: anyProgram
        )
        let policy = imported.document.canonicalText
        if json {
          print(
            try JSONText.encode(ImportText(policy: policy, differences: imported.differences))
          )
          return
        }
        print("# Imported from \(file) by caisson \(Caisson.version).".printable)
        for difference in imported.differences { print("# - \(difference)".printable) }
        print(policy, terminator: "")
      }
    }
  }
}

/// What `import --json` prints.
private struct ImportText: Encodable {
  let policy: String
  let differences: [String]
}
