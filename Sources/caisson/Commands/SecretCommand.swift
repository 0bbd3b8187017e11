import ArgumentParser
import Foundation
import Policy

/// `caisson secret`: what a run may use without ever holding it.
struct SecretCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "secret",
    abstract: "Stores secrets, each bound to the place it is for.",
    discussion: """
      A run finds a placeholder in the variable of the secret's name. On the way out, and towards \
      its binding alone, the placeholder becomes the value; no command prints it.

      Example:
        caisson secret set EXAMPLE_TOKEN --host api.example.com --header Authorization
        caisson secret list
      """,
    subcommands: [Set.self, List.self, Remove.self]
  )

  fileprivate static func reporting(_ body: () throws -> Void) throws {
    try reportingFailures {
      do {
        try body()
      } catch let error as SecretError {
        complain("\(error)")
        throw error.isUsage ? ExitCode.validationFailure : caissonFailed
      }
    }
  }
}

extension SecretCommand {
  /// `caisson secret set NAME`
  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set",
      abstract: "Stores a secret in place of one of the same name.",
      discussion: """
        The value is asked for on the terminal, or read from standard input. It is kept sealed \
        under a key file in the state directory, which only you can read.

        A secret goes into one header (the token of Bearer, or the password of Basic, included), \
        or into one field of the query or the body of one request.

        Example:
          caisson secret set EXAMPLE_TOKEN --host api.example.com --header Authorization
          caisson secret set FORGE_TOKEN --host git.example.com --from-command "pass show forge"
          caisson secret set LOGIN --host example.com --body POST:/login:password --from-env PASS
        """
    )

    @Argument(help: "The name, as policies have it under 'credential'.")
    var name: String

    @Option(help: "The host that it is for. May be repeated.")
    var host: [String] = []

    @Option(help: "The header that it goes into; Authorization where nothing is said.")
    var header: String?

    @Option(help: ArgumentHelp("The field of a query.", valueName: "method:path:field"))
    var query: String?

    @Option(help: ArgumentHelp("The field of a body.", valueName: "method:path:field"))
    var body: String?

    @Option(help: ArgumentHelp("Take the value of this variable.", valueName: "name"))
    var fromEnv: String?

    @Option(
      help: ArgumentHelp("Take the content of this file.", valueName: "file"),
      completion: .file()
    )
    var fromFile: String?

    @Option(help: ArgumentHelp("Take what this command prints.", valueName: "command"))
    var fromCommand: String?

    @Flag(help: "Print a JSON object.")
    var json = false

    func validate() throws {
      if host.isEmpty { throw ValidationError("name the host that the secret is for: --host HOST") }
      if [header, query, body].compactMap(\.self).count > 1 {
        throw ValidationError("a secret has one place: --header, --query or --body")
      }
      if [fromEnv, fromFile, fromCommand].compactMap(\.self).count > 1 {
        throw ValidationError("a value comes from one place: --from-env, -file or -command")
      }
    }

    func run() throws {
      try SecretCommand.reporting {
        guard StoredSecret.isName(name) else { throw SecretError.malformedName(name) }
        let bindings = try bindings()
        let secret = try StoredSecret(
          name: name,
          value: try input.read(for: name),
          bindings: bindings,
          stored: Int64(Date().timeIntervalSince1970)
        )
        try SecretStore(home: try Home.current()).set(secret)
        if json {
          print(try JSONText.encode(SecretText(secret)))
        } else {
          print("\(name) is stored for \(bindings.map(\.text).joined(separator: "; "))".printable)
        }
      }
    }

    private var input: SecretInput {
      if let fromEnv { return .environment(fromEnv) }
      if let fromFile { return .file(fromFile) }
      if let fromCommand { return .command(fromCommand) }
      return .standardInput
    }

    private func bindings() throws(SecretError) -> [SecretBinding] {
      var bindings: [SecretBinding] = []
      for host in host {
        var binding = SecretBinding(host: try SecretBinding.host(host))
        if let query {
          binding.query = try SecretBinding.field(query)
        } else if let body {
          binding.body = try SecretBinding.field(body)
        } else {
          binding.header = try SecretBinding.header(header ?? "Authorization")
        }
        bindings.append(binding)
      }
      return bindings
    }
  }

  /// `caisson secret list`
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list",
      abstract: "Lists names, bindings and when each was stored; never a value.",
      discussion: """
        Example:
          caisson secret list
        """
    )

    @Flag(help: "Print an array of JSON objects.")
    var json = false

    func run() throws {
      try SecretCommand.reporting {
        let store = SecretStore(home: try Home.current())
        let secrets = try store.load(names: try store.names())
        if json {
          print(try JSONText.encode(secrets.map(SecretText.init)))
        } else if secrets.isEmpty {
          complain("there are no secrets yet; store one with: caisson secret set NAME --host HOST")
        }
        guard !json else { return }
        for secret in secrets {
          let places = secret.bindings.map(\.text).joined(separator: "; ")
          print("\(secret.name)  \(SecretText(secret).stored)  \(places)".printable)
        }
      }
    }
  }

  /// `caisson secret remove NAME`
  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove",
      abstract: "Removes a secret. Runs that have it go on until they end.",
      discussion: """
        Example:
          caisson secret remove EXAMPLE_TOKEN
        """
    )

    @Argument(help: "The name.")
    var name: String

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
      try SecretCommand.reporting {
        try SecretStore(home: try Home.current()).remove(name)
        print(json ? try JSONText.encode(["removed": name]) : "\(name) is removed")
      }
    }
  }
}

/// What is said about a secret: everything but its value.
private struct SecretText: Encodable {
  let name: String
  let stored: String
  let bindings: [SecretBinding]

  init(_ secret: StoredSecret) {
    name = secret.name
    stored = Date(timeIntervalSince1970: TimeInterval(secret.stored)).formatted(.iso8601)
    bindings = secret.bindings
  }
}
