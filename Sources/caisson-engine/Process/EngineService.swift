import Foundation
import Glibc
import NIOCore
import NIOPosix

/// An engine from start to stop.
enum EngineService {
  /// Seconds that it has for its end, once whoever started it has gone.
  private static let grace: CUnsignedInt = 10

  static func run() async throws {
    let setup = try EngineSetup.read()
    let seal = EngineSeal(
      readable: setup.models.flatMap(\.files),
      unlinked: Set(setup.models.filter { !$0.mayBeLink }.compactMap(\.files.first)),
      writable: setup.cache
    )
    // Before there is a second thread.
    for warning in try seal.apply() { say(warning) }
    let signals = Signals()
    let room = ModelRoom(setup)
    let server = EngineServer(calls: EngineCalls(room: room, setup: setup))
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await server.run(on: EngineSetup.listener, group) }
      tasks.addTask { await signals.stopAsked() }
      tasks.addTask { await lifelineEnded() }
      // Whichever comes first: a reason to stop, or a server that cannot go on.
      for try await _ in tasks.prefix(1) {}
      tasks.cancelAll()
    }
  }

  /// Returns when standard input ends: whoever started this process has gone.
  private static func lifelineEnded() async {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        var byte: UInt8 = 0
        while true {
          let count = Glibc.read(0, &byte, 1)
          if count < 0, errno == EINTR { continue }
          if count <= 0 { break }
        }
        continuation.resume()
        // Nobody is left who would end it, and another engine waits for its end.
        sleep(grace)
        exit(1)
      }
    }
  }
}
