import Crypto
import Foundation
import Glibc
import Policy
import SystemPackage

/// The secrets of this user: each in a file of its own, sealed with a key that lies beside them.
///
/// The key keeps values out of backups of single files, of search indexes and of glances. It does
/// not protect from who can read both files: that is the owner, and root.
struct SecretStore {
  private let files: SecretFiles

  private static let keyName = "key"
  private static let suffix = ".secret"
  private static let most = 1000
  /// Marks the format, and is part of what is sealed.
  private static let header = Array("caisson-secret-1\n".utf8)

  init(home: Home) {
    files = SecretFiles(directory: home.state.appending("secrets"))
  }

  /// Stores a secret in place of one of the same name.
  func set(_ secret: StoredSecret) throws {
    try files.prepare()
    let isKnown = try files.read(Self.file(secret.name)) != nil
    if !isKnown, try names().count >= Self.most { throw SecretError.tooMany }
    let content = try JSONEncoder().encode(secret)
    let sealed = try AES.GCM.seal(
      content,
      using: key(),
      authenticating: Self.header + Array(secret.name.utf8)
    )
    guard let combined = sealed.combined else {
      throw SecretError.unwritable(secret.name, reason: "it could not be sealed")
    }
    try files.write(Self.header + Array(combined), to: Self.file(secret.name))
  }

  /// The names in their order.
  func names() throws(SecretError) -> [String] {
    try files.names().filter { $0.hasSuffix(Self.suffix) && !$0.hasPrefix(".") }
      .map { String($0.dropLast(Self.suffix.count)) }.filter(StoredSecret.isName)
  }

  /// The secrets of these names, in their order.
  func load(names: [String]) throws(SecretError) -> [StoredSecret] {
    var secrets: [StoredSecret] = []
    for name in names {
      guard StoredSecret.isName(name) else { throw .malformedName(name) }
      guard let bytes = try files.read(Self.file(name)) else { throw .unknown(name) }
      secrets.append(try open(bytes, name))
    }
    return secrets
  }

  /// The secrets that the entries of a policy name, each of which must be bound to its host.
  func load(for network: [NetworkRule]) throws(SecretError) -> [StoredSecret] {
    var hosts: [(name: String, host: String)] = []
    for rule in network {
      switch rule {
      case .host(let rule):
        if let name = rule.credential { hosts.append((name, rule.host.text)) }
      case .git(let rule):
        if let name = rule.credential { hosts.append((name, rule.host.text)) }
      case .packages: break
      }
    }
    let secrets = try load(names: Set(hosts.map(\.name)).sorted())
    for (name, host) in hosts {
      let secret = secrets.first { $0.name == name }
      guard let secret, secret.bindings.contains(where: { $0.host == host }) else {
        throw .notBound(name, host: host)
      }
    }
    return secrets
  }

  func remove(_ name: String) throws(SecretError) {
    guard StoredSecret.isName(name) else { throw .malformedName(name) }
    guard try files.read(Self.file(name)) != nil else { throw .unknown(name) }
    try files.remove(Self.file(name))
  }

  private func open(_ bytes: [UInt8], _ name: String) throws(SecretError) -> StoredSecret {
    let sealed = bytes.dropFirst(Self.header.count)
    guard bytes.starts(with: Self.header), let bytes = try files.read(Self.keyName),
      bytes.count == 32,
      let box = try? AES.GCM.SealedBox(combined: sealed),
      let content = try? AES.GCM.open(
        box,
        using: SymmetricKey(data: bytes),
        authenticating: Self.header + Array(name.utf8)
      ),
      let secret = try? JSONDecoder().decode(StoredSecret.self, from: content),
      secret.name == name
    else { throw .undecipherable(name) }
    return secret
  }

  private func key() throws(SecretError) -> SymmetricKey {
    var bytes = try files.read(Self.keyName)
    if bytes == nil {
      let made = SymmetricKey(size: .bits256).withUnsafeBytes(Array.init)
      _ = try files.writeFirst(made, to: Self.keyName)
      bytes = try files.read(Self.keyName)
    }
    guard let bytes, bytes.count == 32 else {
      throw .unreadable("the key of the secrets", reason: "it is not 32 bytes long")
    }
    return SymmetricKey(data: bytes)
  }

  private static func file(_ name: String) -> String { name + suffix }
}

/// What stands for a secret inside a run.
enum SecretPlaceholder {
  /// Letters, digits and underscores alone, which no encoding changes; unlike any other run's.
  static func make(for name: String) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    var random = SystemRandomNumberGenerator()
    let nonce = String(
      (0..<26).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] }
    )
    return "CAISSON_\(name)_\(nonce)"
  }
}
