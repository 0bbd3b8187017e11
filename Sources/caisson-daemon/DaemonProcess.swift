import CLinux
import Delegation
import Foundation
import Glibc
import Journal
import SystemPackage

/// The daemon, from start to stop.
enum DaemonProcess {
  static func run(_ complain: @escaping @Sendable (String) -> Void) async throws {
    // Told by `caisson up` in a memory file, since it may hold the journal's password.
    let setup = try JSONDecoder().decode(
      WorkSetup.self,
      from: try FileHandle(fileDescriptor: 3, closeOnDealloc: true).readToEnd() ?? Data()
    )
    let lock = try DaemonLock(FilePath(setup.state))
    defer { _ = lock }
    let store = try Stores.open(setup)
    let daemon = Daemon(setup, store: store, complain: complain)
    let signals = Signals()
    let work = Task { await daemon.run() }
    complain("up, with \(setup.workers) worker\(setup.workers == 1 ? "" : "s")")
    await signals.stopAsked()
    complain("stopping; steps under way have 30 s")
    work.cancel()
    await daemon.stop()
    await work.value
    await store.close()
  }
}

/// Held while the daemon lives, so that there is one for a state directory.
struct DaemonLock {
  init(_ state: FilePath) throws {
    let file = state.appending("daemon.lock")
    let descriptor = Glibc.open(file.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StartError("cannot open \(file): \(String(cString: strerror(errno)))")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw StartError("a daemon is up already for \(state)")
    }
  }
}

struct StartError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
