import CLinux
import Catalogue
import Foundation
import Glibc
import SystemPackage

/// An engine for the models of this machine, behind a socket that its user alone can connect to.
///
/// What is started first is a keeper: it holds the socket, starts an engine when somebody connects, and
/// ends when the pipe that this process holds is closed, however that comes about. Where it dies before,
/// its spare takes its place, and becomes this process's child.
struct EngineStart {
  let socket: FilePath
  /// Closed, it ends the engine.
  let lifeline: Int32

  private static let name = "engine-"

  /// - Parameters:
  ///   - models: what it serves.
  ///   - outlives: whether the lifeline stays open in what this process becomes.
  init(
    _ models: [LocalModel],
    _ settings: EngineSettings,
    home: Home,
    outlives: Bool = false
  ) throws {
    try Home.prepare(home.runtime)
    try ModelStore(home: home).prepare()
    for model in models where model.origin != .own && Self.isLink(model.file) {
      complain(
        "the file of local/\(model.name), \(model.file), is a link now, which is not followed: "
          + "remove the model, and import it again"
      )
    }
    socket = home.runtime.appending("\(Self.name)\(getpid()).sock")
    let setup = EngineSetup(models, settings, cache: ModelStore(home: home).cache)
    let bytes = Array(try JSONEncoder().encode(setup))
    let memory = cl_sealed_memory("caisson-engine", bytes, bytes.count)
    guard memory >= 0 else { throw EngineError.failed("no memory file can be made") }
    defer { close(memory) }
    // Holds for what this process becomes, too, which has their ends told.
    _ = cl_adopt_orphans()
    let listener = try Self.listen(socket)
    defer { close(listener) }
    var ends: [Int32] = [-1, -1]
    guard cl_pipe(&ends) == 0 else { throw EngineError.failed("no pipe can be made") }
    defer { close(ends[0]) }
    let program = RunSession.ownPath("caisson-engine")
    var words = [strdup(program), strdup("keep"), strdup(socket.string), nil]
    var names: [UnsafeMutablePointer<CChar>?] = [nil]
    defer { for word in words { free(word) } }
    let shown = [ends[0], 2, 2, memory, listener]
    let child = cl_spawn(program, &words, &names, shown, Int32(shown.count))
    guard child > 0 else {
      close(ends[1])
      throw EngineError.failed(
        "cannot start \(program): \(String(cString: strerror(-child))); build it with: "
          + "./caisson --version"
      )
    }
    if outlives { _ = fcntl(ends[1], F_SETFD, 0) }
    lifeline = ends[1]
  }

  /// Ends it, and waits until all that was started for it has ended.
  func end() {
    close(lifeline)
    var status = cl_exit_status()
    while cl_wait(-1, 1, &status) > 0 {}
    _ = unlink(socket.string)
  }

  /// Takes note of what has ended already.
  func reap() {
    var status = cl_exit_status()
    while cl_wait(-1, 0, &status) > 0 {}
  }

  private static func isLink(_ file: String) -> Bool {
    var facts = stat()
    return lstat(file, &facts) == 0 && facts.st_mode & S_IFMT == S_IFLNK
  }

  private static func listen(_ path: FilePath) throws -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = Glibc.socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { throw EngineError.failed("no socket can be made") }
    _ = unlink(path.string)
    // Nobody may connect before its mode is set.
    let mask = umask(0o177)
    let result = try EngineAddress.with(path) { bind(descriptor, $0, $1) }
    umask(mask)
    guard result == 0, Glibc.listen(descriptor, 128) == 0 else {
      let why = String(cString: strerror(errno))
      close(descriptor)
      throw EngineError.failed("cannot listen on \(path): \(why)")
    }
    return descriptor
  }
}
