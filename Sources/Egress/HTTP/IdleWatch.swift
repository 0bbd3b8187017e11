import NIOCore

/// Ends a connection on which nothing happens. One timer a connection, which is moved only when it
/// fires: a busy connection costs a comparison.
final class IdleWatch {
  private let loop: any EventLoop
  private let expire: () -> Void
  private var limit: TimeAmount
  private var last: NIODeadline
  private var task: Scheduled<Void>?

  init(_ limit: TimeAmount, on loop: any EventLoop, expire: @escaping () -> Void) {
    self.loop = loop
    self.limit = limit
    self.expire = expire
    last = loop.now
    schedule(last + limit)
  }

  /// Something happened.
  func touch() { last = loop.now }

  func setLimit(_ limit: TimeAmount) {
    let isShorter = limit < self.limit
    self.limit = limit
    last = loop.now
    if isShorter { schedule(last + limit) }
  }

  func cancel() {
    task?.cancel()
    task = nil
  }

  private func schedule(_ deadline: NIODeadline) {
    task?.cancel()
    task = loop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in self?.fired() }
  }

  private func fired() {
    task = nil
    let deadline = last + limit
    if deadline <= loop.now { expire() } else { schedule(deadline) }
  }
}
