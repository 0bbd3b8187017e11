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
    // What cannot be is said before anything is begun.
    if let address = setup.webhook { _ = try Webhook(address) }
    let lock = try DaemonLock(FilePath(setup.state))
    defer { _ = lock }
    let store = try await Stores.open(setup)
    let ledger = try Ledger.open(directory: FilePath(setup.state))
    let daemon = Daemon(setup, store: store, complain: complain)
    let signals = Signals()
    let service = WorkService(
      store: store,
      ledger: ledger,
      agentsIn: FilePath(setup.config).appending("agents").string,
      state: FilePath(setup.state),
      keepsOnServer: setup.journal != nil
    )
    let console = try serve(service, setup, complain)
    try await console.isUp()
    let work = Task { await daemon.run() }
    complain("up, with \(setup.workers) worker\(setup.workers == 1 ? "" : "s")")
    await signals.stopAsked()
    complain("stopping; steps under way have 30 s")
    work.cancel()
    // What is asked meanwhile is still answered: a stop takes up to half a minute.
    await daemon.stop()
    await work.value
    console.serving.cancel()
    _ = await console.serving.result
    await store.close()
    ledger.close()
  }

  /// A server under way, which ends when its task is cancelled.
  private struct Serving {
    let serving: Task<Void, any Error>
    let up: AsyncThrowingStream<Void, any Error>

    /// Returns when all addresses are served, and throws where one cannot be.
    func isUp() async throws {
      for try await _ in up { return }
    }
  }

  private static func serve(
    _ service: WorkService,
    _ setup: WorkSetup,
    _ complain: @escaping @Sendable (String) -> Void
  ) throws -> Serving {
    let console = try ConsoleService(setup, service, complain: complain)
    let (up, ups) = AsyncThrowingStream<Void, any Error>.makeStream()
    let serving = Task {
      do {
        try await console.run { ups.yield() }
      } catch is CancellationError {
      } catch {
        ups.finish(throwing: error)
        complain("the daemon's address: \(error)")
        throw error
      }
    }
    return Serving(serving: serving, up: up)
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
