import Foundation
import Glibc
import Policy
import Sandbox
import SystemPackage

/// Where the caller's package managers look for packages, by their own files and variables.
///
/// The files are read and the clients are not asked. What lies where a run can write is passed
/// over: an earlier run could have written it.
struct PackageFiles {
  /// Files of the last kind of clients that were not read because they lie where a run can write.
  private(set) var passedOver: [String] = []
  /// Files of the workspace that these clients go by there, and that nothing is granted by.
  private(set) var ofProject: [String] = []
  /// Files that hold a credential, by the path that they lead to.
  private(set) var guarded: [String] = []
  /// apt's own files, as far as a run may read them.
  private(set) var readable: [String] = []

  private let environment: [String: String]
  private let home: String?
  private let workspace: String?
  private let writable: [String]

  private static let largest = 1 << 20

  /// - Parameter writable: trees of this machine that a run can write, beside the workspace.
  init(
    workspace: String?,
    writable: [String],
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.environment = environment
    self.workspace = workspace
    self.writable = writable + [workspace].compactMap(\.self)
    home = Home.ofUser { environment[$0] }?.string
  }

  mutating func read(_ kind: PackageRule.Kind) throws(ValueProblem) -> PackageAccess {
    passedOver = []
    let names = kind == .node ? [".npmrc"] : kind == .python ? ["uv.toml"] : []
    ofProject = names.compactMap { name in workspace.map { "\($0)/\(name)" } }
      .filter { HostTree.find($0, isSystem: true) != nil }
    return switch kind {
    case .python: try .python(try pip(), try uv())
    case .node: try .node(try npm())
    case .system: try .system(try apt())
    }
  }

  // MARK: - Clients

  private mutating func pip() throws(ValueProblem) -> PipSettings {
    var settings = PipSettings()
    let named = variable("PIP_CONFIG_FILE")
    if named != "/dev/null" {
      var paths = directories("XDG_CONFIG_DIRS", "/etc/xdg").map { "\($0)/pip/pip.conf" }
      paths.append("/etc/pip.conf")
      // A file that is named takes the place of the user's.
      if !(named.map { access($0, F_OK) == 0 } ?? false) {
        paths += [home.map { "\($0)/.pip/pip.conf" }, configuration("pip/pip.conf")]
          .compactMap(\.self)
      }
      if let place = variable("VIRTUAL_ENV") { paths.append("\(place)/pip.conf") }
      if let named { paths.append(named) }
      for path in paths {
        if let text = try text(of: path) { settings.read(text) }
      }
    }
    settings.read(environment: environment)
    return settings
  }

  private mutating func uv() throws(ValueProblem) -> UVSettings {
    var settings = UVSettings()
    var paths = directories("XDG_CONFIG_DIRS", "/etc/xdg").map { "\($0)/uv/uv.toml" }
    paths += ["/etc/uv/uv.toml", configuration("uv/uv.toml")].compactMap(\.self)
    if let named = variable("UV_CONFIG_FILE") { paths = [named] }
    for path in paths {
      guard let text = try text(of: path) else { continue }
      do {
        try settings.read(text)
      } catch {
        throw ValueProblem("\(path): \(error.what)", remedy: error.remedy)
      }
    }
    settings.read(environment: environment)
    return settings
  }

  private mutating func npm() throws(ValueProblem) -> NPMSettings {
    var settings = NPMSettings()
    let program = HostTree.program("node", path: environment["PATH"] ?? "")
    let prefix =
      variable("NPM_CONFIG_PREFIX") ?? variable("npm_config_prefix")
      ?? program.flatMap { HostTree.find($0, isSystem: true)?.real }
      .flatMap { $0.hasSuffix("/bin/node") ? String($0.dropLast("/bin/node".count)) : nil }
    let global =
      variable("NPM_CONFIG_GLOBALCONFIG") ?? variable("npm_config_globalconfig")
      ?? prefix.map { "\($0)/etc/npmrc" }
    let user =
      variable("NPM_CONFIG_USERCONFIG") ?? variable("npm_config_userconfig")
      ?? home.map { "\($0)/.npmrc" }
    for path in [global, user].compactMap(\.self) {
      if let text = try text(of: path) { settings.read(text, environment: environment) }
    }
    settings.read(environment: environment)
    return settings
  }

  private mutating func apt() throws(ValueProblem) -> [String] {
    let place = "/etc/apt"
    var paths = ["\(place)/sources.list"]
    paths += HostTree.names(in: "\(place)/sources.list.d").sorted()
      .filter { $0.hasSuffix(".list") || $0.hasSuffix(".sources") }
      .map { "\(place)/sources.list.d/\($0)" }
    var addresses: [String] = []
    for path in paths {
      guard let text = try text(of: path) else { continue }
      addresses +=
        path.hasSuffix(".sources")
        ? APTSources.addresses(stanzas: text) : APTSources.addresses(list: text)
      // A list with a login in it would tell the run.
      if !Self.holdsLogin(text) { readable.append(path) }
    }
    readable += ["trusted.gpg", "trusted.gpg.d", "keyrings", "preferences", "preferences.d"]
      .map { "\(place)/\($0)" }
    return addresses
  }

  // MARK: - Reading

  private func variable(_ name: String) -> String? {
    environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  private func directories(_ name: String, _ fallback: String) -> [String] {
    (variable(name) ?? fallback).split(separator: ":").map(String.init).reversed()
  }

  private func configuration(_ name: String) -> String? {
    (variable("XDG_CONFIG_HOME") ?? home.map { "\($0)/.config" }).map { "\($0)/\(name)" }
  }

  /// The text of a file that no run can have written; nil where there is none. One that is there and
  /// cannot be read is an error: what it names would be left for what everybody uses.
  private mutating func text(of path: String) throws(ValueProblem) -> String? {
    guard let real = HostTree.find(path, isSystem: true)?.real else { return nil }
    if writable.contains(where: { real == $0 || real.hasPrefix("\($0)/") }) {
      passedOver.append(path)
      return nil
    }
    var status = stat()
    // What is no file, as /dev/null, tells of nothing.
    guard stat(real, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    guard status.st_size <= Self.largest, let data = FileManager.default.contents(atPath: real)
    else {
      throw ValueProblem(
        "\(path) cannot be read, or is larger than 1 MiB",
        remedy: "make it readable, or name another in the client's variable for it"
      )
    }
    let text = String(decoding: data, as: UTF8.self)
    if Self.holdsLogin(text) { guarded.append(real) }
    return text
  }

  /// Whether a line has something before the host of an address, or a login of npm's.
  private static func holdsLogin(_ text: String) -> Bool {
    text.split(whereSeparator: \.isNewline).contains { line in
      if line.contains("_auth") || line.contains("_password") { return true }
      guard let start = line.range(of: "://") else { return false }
      return line[start.upperBound...].prefix { $0 != "/" && !$0.isWhitespace }.contains("@")
    }
  }
}
