import ArgumentParser
import Catalogue
import Foundation
import Policy
import SystemPackage

/// `caisson gateway`: one address for every model.
struct GatewayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gateway",
    abstract: "Serves every model at one address, and gives out keys for it.",
    discussion: """
      Example:
        caisson gateway key add ci --budget "20.00 USD" --per day
        caisson gateway
        caisson gateway import-litellm config.yaml --check
      """,
    subcommands: [Serve.self, GatewayKeyCommand.self, ImportLiteLLM.self],
    defaultSubcommand: Serve.self
  )

  /// `caisson gateway import-litellm FILE`
  struct ImportLiteLLM: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import-litellm",
      abstract: "Says a LiteLLM proxy's configuration in Caisson's words.",
      discussion: """
        Prints the configuration, with a comment for each key that it does not hold as it was. \
        --check prints what became of every key instead: exact, approximate (the reason says what \
        differs), manual (you can carry it over) or unsupported. Callbacks, custom code and \
        databases are refused.

        Example:
          caisson gateway import-litellm config.yaml --check
          caisson gateway import-litellm config.yaml > gateway.yaml

        Exit status: 0 every key is exact or approximate, 1 some are not, 126 it cannot be read.
        """
    )

    @Argument(help: "LiteLLM's config.yaml.", completion: .file())
    var file: String

    @Flag(help: "Print what became of each key.")
    var check = false

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
      try ModelsCommand.reporting {
        guard let text = try CatalogueStore.text(of: FilePath(file)) else {
          throw CatalogueStoreError.unreadable(file, reason: "there is no such file")
        }
        let catalogue = try CatalogueStore(home: try Home.current()).load()
        let imported = try LiteLLMImport.read(text, file: file, catalogue: catalogue)
        if json {
          print(try JSONText.encode(LiteLLMJSON(imported)))
        } else if check {
          show(imported)
        } else {
          document(imported)
        }
        let isWhole = imported.count(.manual) + imported.count(.unsupported) == 0
        if !isWhole { throw ExitCode.failure }
      }
    }

    private func show(_ imported: LiteLLMImport) {
      let rows = imported.lines.map { line in
        ["\(line.line)", line.status.rawValue, line.key.printable, line.why.printable]
      }
      let table = TextTable(titles: ["LINE", "STATUS", "KEY", "WHY"], rows: rows)
      print(table.text(width: TerminalGlimpse.width, colour: TerminalGlimpse.hasColour))
      let counts = LiteLLMImport.Status.allCases.map { "\(imported.count($0)) \($0.rawValue)" }
      print("\(imported.lines.count) keys: \(counts.joined(separator: ", "))")
      for line in imported.lines where line.isRefused {
        complain("line \(line.line): \(line.key): \(line.why)")
      }
    }

    private func document(_ imported: LiteLLMImport) {
      print("# Imported from \(file) by caisson \(Caisson.version).".printable)
      for line in imported.lines where line.status != .exact {
        print("# \(line.status.rawValue), line \(line.line): \(line.key): \(line.why)".printable)
      }
      print(imported.configuration.text, terminator: "")
      for line in imported.lines where line.isRefused {
        complain("line \(line.line): \(line.key): \(line.why)")
      }
    }
  }
}

/// What `import-litellm --json` prints.
private struct LiteLLMJSON: Encodable {
  struct Key: Encodable {
    let line: Int
    let key: String
    let status: String
    let why: String
    let refused: Bool
  }

  let configuration: String
  let keys: [Key]

  init(_ imported: LiteLLMImport) {
    configuration = imported.configuration.text
    keys = imported.lines.map {
      Key(
        line: $0.line,
        key: $0.key,
        status: $0.status.rawValue,
        why: $0.why,
        refused: $0.isRefused
      )
    }
  }
}
