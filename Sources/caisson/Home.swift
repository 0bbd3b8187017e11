import Glibc
import SystemPackage

/// Where Caisson keeps its things on this machine, by the XDG Base Directory Specification.
struct Home: Sendable, Equatable {
  /// Journal and runs. Made on first use, for the owner alone.
  let state: FilePath
  /// What the user wrote: policies, bindings.
  let config: FilePath
  /// Sockets.
  let runtime: FilePath

  /// One directory for each run.
  var runs: FilePath { state.appending("runs") }

  /// Names the directories for this process, and makes nothing.
  static func current() throws(HomeError) -> Home {
    try Home { name in getenv(name).map { String(cString: $0) } }
  }

  /// Names the directories for an environment.
  ///
  /// `CAISSON_HOME` overrides all three. As the specification says, an XDG variable that is empty
  /// or not absolute counts as unset. Without `XDG_RUNTIME_DIR` the state directory takes the
  /// sockets: it is as private, only not emptied at logout.
  init(environment: (String) -> String?) throws(HomeError) {
    func absolute(_ name: String) -> FilePath? {
      guard let value = environment(name).map({ FilePath($0) }), value.isAbsolute else {
        return nil
      }
      return value.lexicallyNormalized()
    }
    if let value = environment("CAISSON_HOME"), !value.isEmpty {
      guard let root = absolute("CAISSON_HOME") else { throw .notAbsolute(value) }
      state = root
      config = root.appending("config")
      runtime = root.appending("runtime")
      return
    }
    func base(_ name: String, _ fallback: String) throws(HomeError) -> FilePath {
      if let named = absolute(name) { return named.appending("caisson") }
      guard let home = absolute("HOME") ?? Self.accountHome() else { throw .noHome }
      return home.appending(fallback).appending("caisson")
    }
    let state = try base("XDG_STATE_HOME", ".local/state")
    self.state = state
    config = try base("XDG_CONFIG_HOME", ".config")
    runtime = absolute("XDG_RUNTIME_DIR")?.appending("caisson") ?? state.appending("runtime")
  }

  /// The home directory as every program takes it: what `HOME` says, else what the account says.
  /// Nil where neither names a directory, or where it is the root itself.
  static func ofUser(
    environment: (String) -> String? = { name in getenv(name).map { String(cString: $0) } }
  ) -> FilePath? {
    let named = environment("HOME").map { FilePath($0) }.flatMap { $0.isAbsolute ? $0 : nil }
    guard let path = named ?? accountHome(), let found = try? path.stat(),
      found.type == .directory
    else { return nil }
    let normal = path.lexicallyNormalized()
    return normal.components.isEmpty ? nil : normal
  }

  /// Makes the state directory where it is missing, and refuses one that others could tamper with.
  func prepareState() throws(HomeError) {
    try Self.prepare(state)
  }

  /// Makes a private directory (0700, parents too), or checks the one that is there. True in the
  /// former case.
  @discardableResult
  static func prepare(_ path: FilePath) throws(HomeError) -> Bool {
    let found: Stat
    do {
      found = try path.stat()
    } catch Errno.noSuchFileOrDirectory {
      try make(path)
      return true
    } catch {
      throw .unavailable(path.string, reason: "\(error)")
    }
    guard found.type == .directory else {
      throw .unavailable(path.string, reason: "not a directory")
    }
    guard found.userID.rawValue == geteuid() else {
      throw .foreign(path.string, owner: found.userID.rawValue)
    }
    if !found.permissions.isDisjoint(with: [.groupWrite, .otherWrite]) {
      throw .writableByOthers(path.string)
    }
    return false
  }

  private static func make(_ path: FilePath) throws(HomeError) {
    var missing: [FilePath] = []
    var ancestor = path
    while (try? ancestor.stat()) == nil, ancestor.lastComponent != nil {
      missing.append(ancestor)
      ancestor.removeLastComponent()
    }
    for directory in missing.reversed() where mkdir(directory.string, 0o700) != 0 {
      // Another first use may have been quicker. What is there now is judged like any other.
      guard (try? directory.stat()) != nil else {
        throw .unavailable(
          directory.string,
          reason: access(ancestor.string, W_OK) == 0
            ? "cannot make it in \(ancestor)" : "no permission to write in \(ancestor)"
        )
      }
    }
    guard (try? path.stat()) != nil else {
      throw .unavailable(path.string, reason: "cannot make it")
    }
    if missing.isEmpty { return }
    try prepare(path)
  }

  private static func accountHome() -> FilePath? {
    var account = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16_384)
    guard getpwuid_r(geteuid(), &account, &buffer, buffer.count, &found) == 0, found != nil,
      let directory = account.pw_dir
    else { return nil }
    return FilePath(String(cString: directory))
  }
}

/// Why there is no place for Caisson's state.
enum HomeError: Error, Equatable, CustomStringConvertible {
  case notAbsolute(String)
  case noHome
  case foreign(String, owner: UInt32)
  case writableByOthers(String)
  case unavailable(String, reason: String)

  var description: String {
    switch self {
    case .notAbsolute(let value):
      "CAISSON_HOME is \(value), which is not an absolute path; begin it with /"
    case .noHome:
      "this user has no home directory; name a state directory in CAISSON_HOME"
    case .foreign(let path, let owner):
      "the state directory \(path) belongs to user \(owner), not to you; name one of your own in "
        + "CAISSON_HOME"
    case .writableByOthers(let path):
      "others may write in the state directory \(path); close it with: chmod go-w \(path)"
    case .unavailable(let path, let reason):
      "cannot use the directory \(path): \(reason); make it, or name another in CAISSON_HOME"
    }
  }
}
