import CLinux
import Catalogue
import Foundation
import Glibc
import Policy

/// What `caisson-gateway` is told, by the names that it reads.
struct GatewaySetup: Encodable {
  let document: String
  let file: String
  /// A catalogue that the user took; nil for the program's own.
  let catalogue: String?
  /// The providers' keys, by the providers' names.
  let keys: [String: String]
  /// Where the ledger and the spool are.
  let state: String
  /// The file that says where it listens, while it does.
  let announcement: String
  /// `HOST:PORT` in place of the document's.
  let listen: String?
  let logs: Bool
  /// Whether a daemon keeps it.
  let isKept: Bool
  /// The models of this machine; nil where none are served.
  let engine: Engine?

  /// An engine that was started, and what it serves.
  struct Engine: Encodable {
    struct Model: Encodable {
      let name: String
      let isDefault: Bool
      let context: Int?
      let capabilities: [String]
    }

    let socket: String
    let models: [Model]
  }

  /// Becomes the gateway: the process keeps its number, and the keys go through memory that no file
  /// system shows.
  func become(_ program: String) throws -> Never {
    let bytes = Array(try JSONEncoder().encode(self))
    let memory = cl_sealed_memory("caisson-gateway", bytes, bytes.count)
    // Where it has that number already, it is only kept open.
    guard memory >= 0, dup2(memory, 3) == 3, fcntl(3, F_SETFD, 0) == 0 else {
      throw GatewayError.unstartable(program, reason: "no memory file can be made")
    }
    let name = strdup(program)
    // Nothing of this process's environment is its business: what it needs it has been told.
    let result = cl_execve(program, [name, nil], [nil])
    throw GatewayError.unstartable(
      program,
      reason: String(cString: strerror(-result)) + "; build it with: ./caisson --version"
    )
  }
}

/// The keys that the providers of a document are to be shown.
struct ProviderKeys {
  let store: SecretStore
  let environment: (String) -> String?

  /// - Throws: with all that is missing at once.
  func load(for configuration: GatewayConfiguration) throws -> [String: String] {
    var keys: [String: String] = [:]
    var problems: [String] = []
    for provider in configuration.providers {
      switch provider.key {
      case .none: break
      case .environment(let name):
        if let value = environment(name), !value.isEmpty {
          keys[provider.name] = value
        } else {
          problems.append("\(provider.name): the variable \(name) is not set")
        }
      case .secret(let name):
        do {
          keys[provider.name] = try secret(name, for: provider)
        } catch {
          problems.append("\(provider.name): \(error)")
        }
      }
    }
    for (name, key) in keys where !key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
      problems.append("\(name): its key holds characters that no header carries")
    }
    guard problems.isEmpty else { throw GatewayError.noKeys(problems) }
    return keys
  }

  /// A secret goes nowhere but to the hosts that it is bound to.
  private func secret(_ name: String, for provider: ProviderSettings) throws -> String {
    guard let secret = try store.load(names: [name]).first else { throw SecretError.unknown(name) }
    let base = provider.base
    let places = [base.host, "\(base.host):\(base.port)"]
    guard secret.bindings.contains(where: { places.contains($0.host) }) else {
      throw SecretError.notBound(name, host: base.host)
    }
    return String(decoding: secret.value, as: UTF8.self)
  }
}

enum GatewayError: Error, CustomStringConvertible {
  case noKeys([String])
  case unstartable(String, reason: String)

  var description: String {
    switch self {
    case .noKeys(let problems):
      "the keys of \(problems.count) provider\(problems.count == 1 ? "" : "s") are missing:\n  "
        + problems.joined(separator: "\n  ")
        + "\nstore one with 'caisson secret set NAME --host HOST', set the variable, or leave the "
        + "provider out"
    case .unstartable(let program, let reason): "cannot start \(program): \(reason)"
    }
  }
}
