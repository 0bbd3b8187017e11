import Dispatch
import Foundation
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Journal

@Suite struct LedgerWriterTests {
  @Test func `who is alone works on its own thread, and what comes meanwhile is the writer's`()
    throws
  {
    let path = NSTemporaryDirectory() + "caisson-alone-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let journal = try Journal.open(directory: FilePath(path))
    let writer = LedgerWriter(journal: journal, clock: Journal.now, patience: .zero)
    let seen = Seen()
    // The writer's thread works until it has found that there is nothing to do.
    while seen.wereHere.last != true {
      let tried = DispatchSemaphore(value: 0)
      seen.onThread {
        writer.submitHere(seen.operation {})
        tried.signal()
      }
      tried.wait()
    }
    seen.clear()
    let (begun, goOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    seen.onThread {
      writer.submitHere(
        seen.operation {
          begun.signal()
          goOn.wait()
        }
      )
    }
    begun.wait()
    // Both return at once: they are done when the first is.
    writer.submitHere(seen.operation {})
    writer.submit(seen.operation {})
    #expect(seen.wereHere == [true])
    writer.beginClosing()
    goOn.signal()
    writer.waitForEnd()
    #expect(seen.wereHere == [true, false, false])
    journal.close()
  }

  /// Whether operations were done on the thread of who asked.
  private final class Seen: Sendable {
    private let here = Mutex<pthread_t?>(nil)
    private let found = Mutex<[Bool]>([])

    var wereHere: [Bool] { found.withLock { $0 } }

    func clear() { found.withLock { $0 = [] } }

    func onThread(_ body: @escaping @Sendable () -> Void) {
      Thread.detachNewThread {
        self.here.withLock { $0 = pthread_self() }
        body()
      }
    }

    func operation(_ body: @escaping @Sendable () -> Void) -> LedgerWriter.Operation {
      LedgerWriter.Operation(
        isUrgent: true,
        perform: { _ in
          let isHere = self.here.withLock { $0 == pthread_self() }
          self.found.withLock { $0.append(isHere) }
          body()
          return {}
        },
        fail: { Issue.record("\($0)") }
      )
    }
  }
}
