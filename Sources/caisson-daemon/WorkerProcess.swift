import AsyncHTTPClient
import CLinux
import Delegation
import Dispatch
import Foundation
import Glibc
import Journal
import SystemPackage

/// A worker, from start to stop. It ends when its standard input does: so it does not outlive its
/// daemon, whatever becomes of that.
enum WorkerProcess {
  static func run(_ complain: @escaping @Sendable (String) -> Void) async throws {
    let setup = try JSONDecoder().decode(WorkSetup.self, from: Data(firstLine()))
    raiseDescriptors()
    guard let store = try await Stores.openWhenThere(setup, while: { hasDaemon }) else { return }
    let ledger = try Ledger.open(directory: FilePath(setup.state))
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = setup.slots
    configuration.httpVersion = .http1Only
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let worker = try Worker(setup, store: store, ledger: ledger, http: http, complain: complain)
    let lifeline = DispatchSource.makeReadSource(fileDescriptor: 0)
    lifeline.setEventHandler {
      var byte: UInt8 = 0
      guard read(0, &byte, 1) <= 0 else { return }
      lifeline.cancel()
      // Ends when the worker has noted it.
      Task { await worker.stop() }
    }
    lifeline.activate()
    await worker.run()
    await store.close()
    ledger.close()
    try await http.shutdown()
  }

  /// What the daemon says first, without what may follow.
  private static func firstLine() -> [UInt8] {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < 1 << 20, read(0, &byte, 1) == 1, byte != 0x0A { line.append(byte) }
    return line
  }

  /// Whether the other end of the standard input is held by anybody.
  private static var hasDaemon: Bool {
    var input = pollfd(fd: 0, events: 0, revents: 0)
    return poll(&input, 1, 0) == 0
  }

  /// Three for each sealed session, and those of its call.
  private static func raiseDescriptors() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = min(limit.rlim_max, 65_536)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
