import CLinux
import Foundation
import Glibc
package import Journal
import Sandbox
import SystemPackage

/// Keeps everything going: the gateway, the workers, schedules and notices. It holds nothing of its own:
/// whatever becomes of it, the journal knows, and the next one goes on.
package actor Daemon {
  private let setup: WorkSetup
  private let store: any WorkStore
  private let complain: @Sendable (String) -> Void
  private var workers: [Int: Child] = [:]
  private var gateway: Child?
  private var isStopping = false

  /// How long workers may take for the step that they are at.
  private static let grace: Duration = .seconds(30)

  package init(
    _ setup: WorkSetup,
    store: any WorkStore,
    complain: @escaping @Sendable (String) -> Void
  ) {
    self.setup = setup
    self.store = store
    self.complain = complain
  }

  /// Runs until it is cancelled.
  package func run() async {
    await withTaskGroup(of: Void.self) { group in
      if setup.hasGateway { group.addTask { await self.keepGateway() } }
      for number in 0..<setup.workers { group.addTask { await self.keepWorker(number) } }
      group.addTask { await self.keepSchedules() }
      group.addTask { await NoticePost(self.setup, self.store, self.complain).run() }
      await group.waitForAll()
    }
  }

  /// Lets workers end the steps that they are at, and ends everything.
  package func stop() async {
    isStopping = true
    for child in workers.values { child.closeLifeline() }
    let all = Array(workers.values)
    let deadline = Task {
      try await Task.sleep(for: Self.grace)
      for child in all { child.signal(SIGKILL) }
    }
    for child in all { _ = await child.status }
    deadline.cancel()
    gateway?.signal(SIGTERM)
    _ = await gateway?.status
    await endInherited()
  }

  /// Ends a gateway that an earlier daemon started, and that outlived it.
  private func endInherited() async {
    let file = FilePath(setup.runtime).appending("gateway.json")
    guard let pid = Announcement.keptProcess(in: file) else { return }
    let watch = cl_pidfd_open(pid)
    defer { _ = cl_close(watch) }
    // Whoever has the number now is not signalled.
    guard watch >= 0, Announcement.keptProcess(in: file) == pid else { return }
    _ = cl_pidfd_send_signal(watch, SIGTERM)
    let end = ContinuousClock.now + Self.grace
    while ProcessIdentity.look(up: pid) != .gone, ContinuousClock.now < end {
      try? await Task.sleep(for: .milliseconds(50))
    }
  }

  // MARK: Processes

  private func keepWorker(_ number: Int) async {
    var backoff = Backoff()
    while !isStopping && !Task.isCancelled {
      do {
        let told = Array(try JSONEncoder().encode(setup)) + [0x0A]
        let child = try Child(
          HostTree.link("/proc/self/exe") ?? CommandLine.arguments[0],
          ["worker"],
          environment: setup.environment,
          input: told
        )
        workers[number] = child
        let status = await child.status
        workers[number] = nil
        if isStopping { return }
        complain("worker \(number + 1) ended with status \(status); another one is started")
      } catch {
        complain("worker \(number + 1): \(error)")
      }
      await backoff.wait()
    }
  }

  /// A gateway that is there already, from before or from elsewhere, is used as it is.
  private func keepGateway() async {
    var backoff = Backoff()
    let file = FilePath(setup.runtime).appending("gateway.json")
    while !isStopping && !Task.isCancelled {
      if Announcement(readFrom: file) != nil {
        try? await Task.sleep(for: .milliseconds(500))
        continue
      }
      do {
        let child = try Child(
          setup.program,
          ["gateway", "serve", "--kept"],
          environment: setup.environment
        )
        gateway = child
        let status = await child.status
        gateway = nil
        if isStopping { return }
        complain("the gateway ended with status \(status); another one is started")
      } catch {
        complain("the gateway: \(error)")
      }
      await backoff.wait()
    }
  }

  private func keepSchedules() async {
    while !isStopping && !Task.isCancelled {
      do {
        _ = try await store.fireSchedules {
          RunID(seconds: UInt64(time(nil)), random: UInt32.random(in: 0...UInt32.max)).text
        }
      } catch {
        complain("schedules: \(error)")
      }
      try? await Task.sleep(for: .seconds(1))
    }
  }
}

/// Waits longer each time that something ends at once after it was started.
struct Backoff {
  private static let shortest: Duration = .milliseconds(50)
  private var pause = Self.shortest
  private var last = ContinuousClock.now

  mutating func wait() async {
    let hasLived = ContinuousClock.now - last > .seconds(1)
    pause = hasLived ? Self.shortest : min(pause * 2, .seconds(30))
    try? await Task.sleep(for: pause)
    last = ContinuousClock.now
  }
}
