import ArgumentParser
import Catalogue
import Foundation
import Policy
import SystemPackage

/// `caisson models`: which models there are, and what they cost.
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "Lists models, their prices and what they can do; keeps those of this machine.",
    discussion: """
      The catalogue is part of the program, a reviewed snapshot of models.dev; nothing is fetched. \
      Another one is taken only by 'caisson models update FILE'. Models of this machine are called \
      local/NAME; one came with Caisson.

      Example:
        caisson models list --needs vision,tools
        caisson models show gpt-5.4-mini
        caisson models import weights.gguf
        caisson models pull qwen3:0.6b
      """,
    subcommands: [
      List.self, Show.self, Import.self, Pull.self, Remove.self, Update.self,
    ]
  )

  /// Runs a command's body; what a person wrote wrong has the status of wrong usage.
  static func reporting(_ body: () throws -> Void) throws {
    try reportingFailures {
      do {
        try body()
      } catch let error as PolicyError {
        complain("\(error)")
        throw ExitCode(126)
      } catch let error as ValueProblem {
        complain("\(error.what); \(error.remedy)")
        throw ExitCode.validationFailure
      }
    }
  }
}

extension ModelsCommand {
  /// `caisson models list`
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list",
      abstract: "Lists models, with their prices a million tokens in US dollars.",
      discussion: """
        '?' is a price that is not known; nothing is called under a budget that has none. Models of \
        this machine come first. --known lists what 'caisson models pull' takes by name.

        Example:
          caisson models list --local
          caisson models list --known
          caisson models list --provider mistral
          caisson models list --needs vision,tools,200k --json
        """
    )

    @Argument(help: "A part of the name.")
    var part: String?

    @Option(help: "Only of this provider.")
    var provider: String?

    @Option(help: "What it must have: vision, audio, tools, json, reasoning, 200k, …")
    var needs: String?

    @Flag(help: "Retired models, too.")
    var all = false

    @Flag(name: .customLong("local"), help: "Only those of this machine.")
    var isLocal = false

    @Flag(name: .customLong("known"), help: "Those that can be pulled by name, and no others.")
    var isKnown = false

    @Flag(help: "Print an array of JSON objects.")
    var json = false

    func validate() throws {
      guard isKnown, isLocal || all || provider != nil || needs != nil else { return }
      throw ValidationError("--known goes with a part of the name and with --json alone")
    }

    func run() throws {
      try ModelsCommand.reporting {
        if isKnown { return try listKnown() }
        let home = try Home.current()
        let today = CalendarDate.today()
        let own = try local(ModelStore(home: home))
        let models =
          isLocal || provider == "local"
          ? [] : try select(from: try CatalogueStore(home: home).load(), today: today)
        if json {
          let lines =
            try own.map { try JSONText.encode(LocalModelJSON($0)) }
            + models.map { try JSONText.encode(ModelJSON($0, today: today)) }
          print(lines.isEmpty ? "[]" : "[\n  \(lines.joined(separator: ",\n  "))\n]")
        } else if own.isEmpty && models.isEmpty {
          complain(
            isLocal
              ? "there is no model on this machine; take one with: caisson models import FILE"
              : "there is no such model; see all with: caisson models list --all"
          )
        } else {
          let (width, colour) = (TerminalGlimpse.width, TerminalGlimpse.hasColour)
          var tables: [String] = []
          if !own.isEmpty {
            tables.append(LocalModelTable(models: own).text(width: width, colour: colour))
          }
          if !models.isEmpty {
            tables.append(ModelTable(models: models).text(width: width, colour: colour))
          }
          print(tables.joined(separator: "\n\n"))
        }
      }
    }

    private func listKnown() throws {
      let part = part.map { foldedModelName($0) } ?? ""
      let models = try PullableModel.all().filter { model in
        part.isEmpty || [model.name, model.title].contains { foldedModelName($0).contains(part) }
      }
      if json {
        let lines = try models.map { try JSONText.encode($0) }
        print(lines.isEmpty ? "[]" : "[\n  \(lines.joined(separator: ",\n  "))\n]")
      } else if models.isEmpty {
        complain("there is no such model; see all with: caisson models list --known")
      } else {
        let (width, colour) = (TerminalGlimpse.width, TerminalGlimpse.hasColour)
        print(PullableModelTable(models: models).text(width: width, colour: colour))
      }
    }

    /// Those of this machine, unless something is asked for that only the catalogue knows.
    private func local(_ store: ModelStore) throws -> [LocalModel] {
      guard needs == nil, provider == nil || provider == "local" else { return [] }
      let part = part.map { foldedModelName($0) }
      return try store.all().filter { model in
        guard let part else { return true }
        return (["local/\(model.name)"] + model.aliases).contains {
          foldedModelName($0).contains(part)
        }
      }
    }

    private func select(
      from catalogue: ModelCatalogue,
      today: CalendarDate
    ) throws -> [ModelEntry] {
      if let provider, catalogue.provider(provider) == nil {
        let names = catalogue.providers.map(\.id)
        throw ValueProblem(
          "the catalogue knows no provider '\(provider)'",
          remedy: nearest(to: provider, in: names).map { "did you mean '\($0)'?" }
            ?? "it knows \(names.joined(separator: ", "))"
        )
      }
      let needs = try Needs(words: needs.map(Self.words) ?? [])
      let part = part.map { foldedModelName($0) }
      return catalogue.models.filter { model in
        (provider == nil || model.key.provider == provider)
          && (all || !model.lifecycle.isOver(on: today)) && model.meets(needs)
          && (part.map { model.isCalled($0) } ?? true)
      }
    }

    static func words(_ text: String) -> [String] {
      text.split { $0 == "," || $0 == " " }.map(String.init)
    }
  }

  /// `caisson models show NAME`
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show",
      abstract: "Says everything that is known about a model, and from where.",
      discussion: """
        A name without its provider may mean several models; all of them are shown. One of this \
        machine is meant before all others, and its file's hash is counted anew.

        Example:
          caisson models show local
          caisson models show openai/gpt-5.4
          caisson models show "Hunter Alpha" --json

        Exit status: 0 found, 64 there is no model of that name.
        """
    )

    @Argument(help: "As provider/model, as the model alone, or an alias.")
    var name: String

    @Flag(help: "Print an array of JSON objects.")
    var json = false

    func run() throws {
      try ModelsCommand.reporting {
        let home = try Home.current()
        if let model = try ModelStore(home: home).model(name) { return try show(model) }
        let catalogue = try CatalogueStore(home: home).load()
        let today = CalendarDate.today()
        let models = catalogue.models(named: name)
        guard !models.isEmpty else {
          let names = catalogue.models.map(\.key.description) + catalogue.models.map(\.key.id)
          let near = nearest(to: name, in: Swift.Set(names), atMost: 3)
          complain(
            "no model is called '\(name)'"
              + (near.isEmpty
                ? "; see: caisson models list" : "; did you mean \(near.joined(separator: ", "))?")
          )
          throw ExitCode.validationFailure
        }
        if json {
          let lines = try models.map { try JSONText.encode(ModelJSON($0, today: today)) }
          print("[\n  \(lines.joined(separator: ",\n  "))\n]")
          return
        }
        print(models.map { ModelText(model: $0).text }.joined(separator: "\n\n"))
        let source = catalogue.source
        print("")
        print(
          "from \(source.repository) at \(source.commit.prefix(12)) of \(source.date)".printable
        )
      }
    }

    private func show(_ model: LocalModel) throws {
      let digest = try ModelStore.digest(of: model.file)
      if json {
        print("[\n  \(try JSONText.encode(LocalModelJSON(model, sha256: digest)))\n]")
      } else {
        print(LocalModelText(model: model, sha256: digest).text)
      }
    }
  }
}

extension ModelEntry {
  fileprivate func meets(_ needs: Needs) -> Bool {
    input.isSuperset(of: needs.input) && output.isSuperset(of: needs.output)
      && capabilities.isSuperset(of: needs.capabilities)
      && (limits.context ?? 0) >= needs.contextTokens
  }

  fileprivate func isCalled(_ part: String) -> Bool {
    ([key.description, name] + aliases).contains { foldedModelName($0).contains(part) }
  }
}

/// What `caisson models show` prints of a model.
struct ModelText {
  let model: ModelEntry

  var text: String {
    var lines: [(String, String)] = [
      ("name", model.name), ("state", model.lifecycle.text),
      ("takes", model.input.names.joined(separator: ", ")),
      ("gives", model.output.names.joined(separator: ", ")),
      ("can", model.capabilities.names.joined(separator: ", ")),
    ]
    if !model.aliases.isEmpty { lines.append(("also", model.aliases.joined(separator: ", "))) }
    for (name, count) in [
      ("window", model.limits.context), ("prompt", model.limits.input),
      ("answer", model.limits.output),
    ] {
      if let count { lines.append((name, "\(count) tokens")) }
    }
    if let day = model.released { lines.append(("released", "\(day)")) }
    if let day = model.knowledge { lines.append(("knows until", "\(day)")) }
    if model.hasOpenWeights || model.licence != nil {
      lines.append(("weights", "open" + (model.licence.map { ", \($0)" } ?? "")))
    }
    for line in model.price.lines { lines.append(("price", "\(line.text)  \(line.what)")) }
    lines.append(("source", model.provenance.source))
    if let supplement = model.provenance.supplement { lines.append(("", supplement)) }
    if let note = model.provenance.note { lines.append(("note", note)) }
    let width = lines.map(\.0.count).max() ?? 0
    var text = model.key.description.printable
    var last = ""
    for (name, value) in lines where !value.isEmpty {
      let shown = name == last ? "" : name
      last = name
      let gap = String(repeating: " ", count: width - shown.count + 2)
      text += "\n  \(shown)\(gap)\(value.printable)"
    }
    return text
  }
}
