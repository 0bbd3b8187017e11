import ArgumentParser
import Catalogue
import Foundation
import Policy
import SystemPackage

extension ModelsCommand {
  /// `caisson models update FILE`
  struct Update: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "update",
      abstract: "Takes another catalogue, after showing what it changes.",
      discussion: """
        The file is what Scripts/catalogue/derive.py writes; a file beside it that ends in .sha256 \
        is held against it. Nothing is fetched, and nothing changes before you have agreed: on a \
        terminal you are asked, elsewhere --yes says so. To go back to the program's own \
        catalogue, remove the directory 'catalogue' of the configuration.

        Example:
          caisson models update models.json
          caisson models update models.json --yes --json

        Exit status: 0 taken, or the same already; 1 not taken; 126 the file is no catalogue.
        """
    )

    @Argument(help: "The new catalogue.", completion: .file())
    var file: String

    @Flag(help: "Take it without asking.")
    var yes = false

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
      try ModelsCommand.reporting {
        let store = CatalogueStore(home: try Home.current())
        let (text, catalogue) = try read()
        let difference = CatalogueDifference(from: try current(store), to: catalogue)
        let digest = CatalogueStore.digest(of: text)
        if !json { show(difference, catalogue, digest) }
        let isTaken = try (!difference.isEmpty || store.isDamaged) && agrees()
        if isTaken { try store.take(text) }
        if json {
          print(try JSONText.encode(DifferenceJSON(difference, digest: digest, isTaken: isTaken)))
        } else if isTaken {
          print("taken")
        } else if difference.isEmpty, !store.isDamaged {
          print("nothing changes")
        }
        if !isTaken, !difference.isEmpty || store.isDamaged { throw ExitCode.failure }
      }
    }

    /// What to compare with. One that was taken and is damaged must not be in the way of another.
    private func current(_ store: CatalogueStore) throws -> ModelCatalogue {
      do {
        return try store.load()
      } catch let error as CatalogueError where store.isTaken {
        complain("\(error)\ncomparing with the program's own")
        return try store.own()
      }
    }

    private func read() throws -> (String, ModelCatalogue) {
      let path = FilePath(file)
      guard let text = try CatalogueStore.text(of: path) else {
        throw CatalogueStoreError.unreadable(file, reason: "there is no such file")
      }
      do {
        if let beside = try CatalogueStore.text(of: FilePath("\(file).sha256")) {
          let expected = String(beside.prefix(64))
          let found = CatalogueStore.digest(of: text)
          guard expected == found else {
            throw CatalogueError.wrongDigest(expected: expected, found: found)
          }
        }
        return (text, try ModelCatalogue(json: text, file: file))
      } catch let error as CatalogueError {
        complain("\(error)")
        throw ExitCode(126)
      }
    }

    private func show(
      _ difference: CatalogueDifference,
      _ catalogue: ModelCatalogue,
      _ digest: String
    ) {
      let source = catalogue.source
      print("from \(source.repository) at \(source.commit) of \(source.date)".printable)
      print("sha256 \(digest)")
      for change in difference.providers {
        print("provider \(change.fact): \(change.before) → \(change.after)".printable)
      }
      for key in difference.added {
        let price = catalogue.model(key)?.price.lines.map { "\($0.what) \($0.text)" } ?? []
        print("+ \(key): \(price.joined(separator: "; "))".printable)
      }
      for key in difference.removed { print("- \(key)".printable) }
      for model in difference.changed {
        for change in model.changes {
          print("~ \(model.key) \(change.fact): \(change.before) → \(change.after)".printable)
        }
      }
      print(
        "\(difference.added.count) added, \(difference.removed.count) removed, "
          + "\(difference.changed.count) changed"
      )
    }

    private func agrees() throws -> Bool {
      if yes { return true }
      guard !json, TerminalGlimpse.isTerminal, isatty(STDIN_FILENO) == 1 else {
        complain("nothing was taken; to take it: caisson models update \(file.shellQuoted) --yes")
        return false
      }
      print("take it? [y/N] ", terminator: "")
      fflush(nil)
      return readLine()?.lowercased().hasPrefix("y") ?? false
    }
  }
}

/// What `update --json` prints.
private struct DifferenceJSON: Encodable {
  struct Change: Encodable {
    let model: String
    let fact: String
    let before: String
    let after: String
  }

  let added: [String]
  let removed: [String]
  let changed: [Change]
  let providers: [Change]
  let sha256: String
  let taken: Bool

  init(_ difference: CatalogueDifference, digest: String, isTaken: Bool) {
    added = difference.added.map(\.description)
    removed = difference.removed.map(\.description)
    changed = difference.changed.flatMap { model in
      model.changes.map {
        Change(
          model: model.key.description,
          fact: $0.fact,
          before: $0.before,
          after: $0.after
        )
      }
    }
    providers = difference.providers.map {
      Change(model: $0.fact, fact: "provider", before: $0.before, after: $0.after)
    }
    sha256 = digest
    taken = isTaken
  }
}
