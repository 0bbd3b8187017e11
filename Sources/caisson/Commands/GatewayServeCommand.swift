import ArgumentParser
import Catalogue
import Foundation
import Glibc
import Journal
import Policy
import SystemPackage

extension GatewayCommand {
  /// `caisson gateway`, or `caisson gateway serve`
  struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "serve",
      abstract: "Serves models at one address; this is what 'caisson gateway' alone does.",
      discussion: """
        Clients speak OpenAI's, Anthropic's or Ollama's dialect, with a key from 'caisson gateway \
        key add'. SIGTERM lets requests under way end first, for half a minute at most; a second \
        one does not.

        Example:
          caisson gateway
          caisson gateway --config gateway.yaml --listen 127.0.0.1:0 --log

        Exit status: 0 stopped, 125 it could not start, 126 the configuration is wrong.
        """
    )

    @Option(
      help: "The gateway's configuration; gateway.yaml of yours by default.",
      completion: .file()
    )
    var config: String?

    @Option(
      help: ArgumentHelp("In place of the document's; port 0 is any.", valueName: "host:port")
    )
    var listen: String?

    @Flag(
      help: "Print a line of JSON for each request: names and numbers, nothing of what was said."
    )
    var log = false

    @Flag(help: .hidden)
    var kept = false

    func run() throws {
      try ModelsCommand.reporting {
        let home = try Home.current()
        let store = CatalogueStore(home: home)
        let catalogue = try store.load()
        let file = GatewayFile(home: home, named: config)
        let models = try ModelStore(home: home).all()
        let document = try file.text(orOwn: !models.isEmpty)
        let configuration = try GatewayConfiguration.parse(
          document,
          file: file.path,
          catalogue: catalogue
        )
        if let listen {
          let isExposed = configuration.listen.isExposed
          _ = try ListenAddress(parsing: listen, isExposed: isExposed)
        }
        let keys = try ProviderKeys(
          store: SecretStore(home: home),
          environment: { name in getenv(name).map { String(cString: $0) } }
        ).load(for: configuration)
        // The ledger is made here, where its errors can be told, and knows the document's budgets
        // before the first call.
        let ledger = try home.ledger()
        try ledger.put(configuration.budgets.map(\.account))
        ledger.close()
        try Home.prepare(home.runtime)
        let engine = try engine(models, configuration, home: home)
        let setup = GatewaySetup(
          document: document,
          file: file.path,
          catalogue: try store.takenText(),
          keys: keys,
          state: home.state.string,
          announcement: GatewayAddress.file(home).string,
          listen: listen,
          logs: log,
          isKept: kept,
          engine: engine
        )
        try setup.become(RunSession.ownPath("caisson-gateway"))
      }
    }

    /// Starts an engine for the models of this machine; what it holds ends with the gateway.
    private func engine(
      _ models: [LocalModel],
      _ configuration: GatewayConfiguration,
      home: Home
    ) throws -> GatewaySetup.Engine? {
      guard !models.isEmpty, !configuration.engine.isOff else { return nil }
      guard configuration.servesEngine else {
        complain(
          "models of this machine are not served: gateway.yaml has a provider 'local' of its own"
        )
        return nil
      }
      let engine = try EngineStart(models, configuration.engine, home: home, outlives: true)
      return GatewaySetup.Engine(
        socket: engine.socket.string,
        models: models.map(\.asOffered).map { model in
          .init(
            name: model.name,
            isDefault: model.isDefault,
            context: model.context,
            capabilities: model.capabilities.names
          )
        }
      )
    }
  }
}
