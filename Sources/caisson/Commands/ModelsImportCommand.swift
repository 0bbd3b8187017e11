import ArgumentParser
import Foundation
import Glibc
import SystemPackage

extension ModelsCommand {
  /// Runs a command's body on the models of this machine.
  fileprivate static func reportingStore(_ body: (ModelStore) throws -> Void) throws {
    try reporting {
      do {
        try body(ModelStore(home: try Home.current()))
      } catch let error as ModelStoreError {
        complain("\(error)")
        throw error.isUsage ? ExitCode.validationFailure : caissonFailed
      }
    }
  }

  /// `caisson models import FILE`
  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import",
      abstract: "Takes a model that lies on this machine, where it is.",
      discussion: """
        The file is GGUF; of one that is split, name any part. A model that turns texts into vectors \
        is a BERT in safetensors, with vocab.txt beside it. It is read by a process that reaches \
        nothing else, checked, and stays where it is: nothing is copied, and 'remove' leaves it.

        Example:
          caisson models import ~/Downloads/Qwen3-0.6B-Q8_0.gguf
          caisson models import weights.gguf --name small

        Exit status: 0 taken, 64 the name cannot be given, 125 the file cannot be taken.
        """
    )

    @Argument(help: "The model's file.", completion: .file(extensions: ["gguf", "safetensors"]))
    var file: String

    @Option(help: "What it is called; after its file by default.")
    var name: String?

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
      try ModelsCommand.reportingStore { store in
        let name = try ModelStore.check(name ?? ModelStore.name(ofFile: file))
        let path = try Self.absolute(file)
        if let known = try store.model(name), known.file != path {
          throw ModelStoreError.taken(name)
        }
        let facts = try ModelFacts.read(path, checked: true)
        let model = LocalModel(
          name: name,
          file: facts.files.first ?? path,
          origin: .imported,
          sha256: try ModelStore.digest(of: facts.files.first ?? path),
          taken: Int(time(nil)),
          facts: facts
        )
        try store.add(model)
        try ModelsCommand.told(model, json: json)
      }
    }

    /// The path by which the file is found from everywhere.
    private static func absolute(_ file: String) throws -> String {
      guard let real = realpath(file, nil) else {
        throw ModelStoreError.unfit(file, reason: String(cString: strerror(errno)))
      }
      defer { free(real) }
      return String(cString: real)
    }
  }

  /// `caisson models pull SOURCE`
  struct Pull: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pull",
      abstract: "Fetches a model into the store.",
      discussion: """
        It is fetched by curl in a sealed run that reaches the source's hosts and nothing else. What \
        has come is kept when it breaks off, however it does: the same command goes on from there. \
        The file is taken only when it is whole, is a model, and has the hash that was named. What \
        'caisson models list --known' shows is named shortly; its address, size and hash are known.

        Example:
          caisson models pull qwen3:0.6b
          caisson models pull https://example.com/small.gguf --sha256 5f1d…
          caisson models pull https://example.com/small.gguf --name small --via cdn.example.net

        Exit status: 0 taken, 64 the name or the address cannot be used, 125 it could not be fetched.
        """
    )

    @Argument(help: "A name of 'caisson models list --known', or the address of a file in GGUF.")
    var source: String

    @Option(help: "What it is called; after its file by default.")
    var name: String?

    @Option(help: ArgumentHelp("The SHA-256 that the file must have.", valueName: "hash"))
    var sha256: String?

    @Option(
      help: ArgumentHelp("A host that the address leads on to. May be repeated.", valueName: "host")
    )
    var via: [String] = []

    @Flag(help: "Print a JSON object.")
    var json = false

    func validate() throws {
      if let sha256 {
        let isHash = sha256.count == 64 && sha256.allSatisfy(\.isHexDigit)
        guard isHash else { throw ValidationError("--sha256 is 64 hexadecimal digits") }
      }
    }

    func run() throws {
      try ModelsCommand.reportingStore { store in
        let known = source.contains("://") ? nil : try PullableModel.named(source)
        let source = try ModelSource(known?.source ?? source, others: via)
        let name = try ModelStore.check(
          name ?? known?.name ?? ModelStore.name(ofFile: source.file)
        )
        if try store.model(name) != nil { throw ModelStoreError.taken(name) }
        let pull = ModelPull(
          store: store,
          source: source,
          sha256: try hash(of: known),
          size: known?.size
        )
        if let known { complain(known.introduction) }
        try ModelsCommand.told(try pull.run(name: name), json: json)
      }
    }

    /// What the file must have: by what is known of it, or by what was said.
    private func hash(of known: PullableModel?) throws -> String? {
      let said = sha256?.lowercased()
      guard let known, let hash = known.sha256 else { return said }
      if let said, said != hash {
        throw ModelStoreError.mistaken(
          "the SHA-256 of \(known.name) is \(hash), not \(said); leave --sha256 away, or name the "
            + "address of the file that you mean"
        )
      }
      return hash
    }
  }

  /// `caisson models remove NAME`
  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove",
      abstract: "Takes a model of this machine away.",
      discussion: """
        The file of one that was imported stays where it is. One that was pulled goes with its file: \
        on a terminal you are asked, elsewhere --yes says so. What the engine has written for itself \
        of its weights goes in both cases.

        Example:
          caisson models remove small --yes

        Exit status: 0 removed, 1 not removed, 64 there is no model of that name.
        """
    )

    @Argument(help: "The model's name.")
    var name: String

    @Flag(help: "Remove it without asking.")
    var yes = false

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
      try ModelsCommand.reportingStore { store in
        guard let model = try store.model(name) else {
          throw ModelStoreError.unknown(name, near: nil)
        }
        guard model.origin != .own else { throw ModelStoreError.own(model.file) }
        guard agrees(model) else { throw ExitCode.failure }
        try store.remove(model)
        if json {
          print(try JSONText.encode(["removed": model.name]))
        } else {
          let file = model.origin == .pulled ? "with its file" : "its file stays"
          print("removed local/\(model.name); \(file): \(model.file)".printable)
        }
      }
    }

    private func agrees(_ model: LocalModel) -> Bool {
      if yes || model.origin == .imported { return true }
      let size = ModelSize.text(model.facts.size)
      guard !json, TerminalGlimpse.isTerminal, isatty(STDIN_FILENO) == 1 else {
        complain("its file of \(size) would be deleted; to do so: add --yes")
        return false
      }
      print("delete \(model.file.printable), \(size)? [y/N] ", terminator: "")
      fflush(nil)
      return readLine()?.lowercased().hasPrefix("y") ?? false
    }
  }

  private static func told(_ model: LocalModel, json: Bool) throws {
    if json {
      print(try JSONText.encode(LocalModelJSON(model)))
    } else {
      let facts = model.facts
      let size = ModelSize.text(facts.size)
      let kind =
        "\(facts.architecture), \(ModelSize.parameters(facts.parameters)) in \(facts.quantisation)"
      print("local/\(model.name): \(kind), \(size)".printable)
    }
  }
}
