import CLinux
import Glibc
import JSONRPC
import Synchronization

/// The thread of one server: carries bytes between its pipes and the session, keeps the times, and
/// sees to it that its process is gone in the end.
///
/// Used by that one thread alone, to which it is handed before it begins: that makes
/// `@unchecked Sendable` true.
final class ServerLoop: @unchecked Sendable {
  private enum Phase: Equatable {
    case serving
    /// Its output has ended. Mostly its process has, too, and its status tells more about why.
    case mute(until: ContinuousClock.Instant)
    /// Its input is closed; this signal comes next, at that time.
    case leaving(next: Int32, at: ContinuousClock.Instant)
    case killed
  }

  private let connection: ServerConnection
  private let wake: Wake
  private let grace: Duration
  private let pid: Int32
  private let watch: PipeEnd
  private var input: PipeEnd?
  private var output: PipeEnd?
  private var error: PipeEnd?
  private var phase = Phase.serving
  private var lines: LineReader
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  /// How long a server whose output has ended may take to end itself.
  private static let muteTime = Duration.milliseconds(500)
  /// Reads in a row from one pipe before the others have their turn.
  private static let turns = 16

  init(
    _ process: consuming ServerCommand.Process,
    connection: ServerConnection,
    grace: Duration,
    wake: Wake
  ) {
    self.connection = connection
    self.grace = grace
    self.wake = wake
    pid = process.pid
    watch = process.watch
    input = Optional(consume process.input)
    output = Optional(consume process.output)
    error = Optional(consume process.error)
    lines = LineReader(bound: connection.state.withLock { $0.session.options.bounds.length })
  }

  func run() {
    // A write to a server that is gone is an error here, not the end of this whole process.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    while !step() {}
    connection.hasLeft()
  }

  /// Waits for the next thing to happen; true once the process is gone.
  private func step() -> Bool {
    let wantsInput = connection.state.withLock { $0.outgoing.count > $0.written }
    var entries = [
      cl_poll(descriptor: wake.reading, wanted: Int16(CL_POLLIN), seen: 0),
      cl_poll(descriptor: watch.number, wanted: Int16(CL_POLLIN), seen: 0),
    ]
    for number in [output?.number, error?.number].compactMap(\.self) {
      entries.append(cl_poll(descriptor: number, wanted: Int16(CL_POLLIN), seen: 0))
    }
    if wantsInput, let number = input?.number {
      entries.append(cl_poll(descriptor: number, wanted: Int16(CL_POLLOUT), seen: 0))
    }
    _ = cl_poll(&entries, Int32(entries.count), milliseconds, 1)
    wake.hear()
    // What it said before its end is heard before its end is.
    let hasEnded = entries[1].seen != 0
    readError()
    readOutput(isLast: hasEnded)
    write()
    expire()
    if hasEnded { return reap() }
    advance()
    return false
  }

  /// Until the next time that something waits for.
  private var milliseconds: Int32 {
    var times = connection.state.withLock { Array($0.deadlines.values) }
    switch phase {
    case .serving, .killed: break
    case .mute(let until): times.append(until)
    case .leaving(_, let at): times.append(at)
    }
    guard let next = times.min() else { return -1 }
    let left = ContinuousClock.now.duration(to: next)
    let (seconds, parts) = left.components
    guard left > .zero else { return 0 }
    guard seconds < 3600 else { return 3_600_000 }
    return Int32(clamping: seconds * 1000 + parts / 1_000_000_000_000_000 + 1)
  }

  private func readError() {
    guard let number = error?.number else { return }
    for _ in 0..<Self.turns {
      let count = cl_read(number, &buffer, buffer.count)
      guard count > 0 else {
        if count != -Int(EAGAIN) { error = nil }
        return
      }
      connection.state.withLock { $0.standardError.append(buffer[..<count]) }
    }
  }

  private func readOutput(isLast: Bool) {
    guard let number = output?.number else { return }
    for _ in 0..<(isLast ? 1024 : Self.turns) {
      let count = cl_read(number, &buffer, buffer.count)
      guard count > 0 else {
        if count == -Int(EAGAIN) { return }
        output = nil
        if phase == .serving { phase = .mute(until: .now + Self.muteTime) }
        return
      }
      hear(buffer[..<count])
    }
  }

  private func hear(_ bytes: ArraySlice<UInt8>) {
    // A session that has ended hears nothing; its pipe is emptied, so that the process can leave.
    guard connection.state.withLock({ $0.session.error == nil }) else { return }
    do {
      for line in try lines.receive(bytes) { connection.with { $0.receive(line) } }
    } catch {
      connection.with { $0.end(.badFrame(error)) }
    }
  }

  private func write() {
    guard let number = input?.number else { return }
    let isBroken = connection.state.withLock { state in
      while state.written < state.outgoing.count {
        let count = state.outgoing.withUnsafeBytes { bytes in
          cl_write(
            number,
            bytes.baseAddress?.advanced(by: state.written),
            bytes.count - state.written
          )
        }
        guard count > 0 else { return count != -Int(EAGAIN) }
        state.written += count
      }
      state.outgoing.removeAll(keepingCapacity: state.outgoing.count < 1 << 20)
      state.written = 0
      return false
    }
    // Why it does not read is told by its end, which follows.
    if isBroken { input = nil }
  }

  private func expire() {
    let now = ContinuousClock.now
    let due = connection.state.withLock { state in
      let due = state.deadlines.filter { $0.value <= now }.map(\.key)
      for deadline in due { state.deadlines[deadline] = nil }
      return due
    }
    for deadline in due { connection.with { $0.expired(deadline) } }
  }

  /// Leads the process out, once the session is over.
  private func advance() {
    let now = ContinuousClock.now
    if case .mute(let until) = phase, now >= until {
      connection.with { $0.end(.ended(.outputClosed)) }
    }
    let isOver = connection.state.withLock { $0.session.error != nil }
    switch phase {
    case .serving, .mute:
      guard isOver else { return }
      // What was said last may not have been written yet: that a call is cancelled, say.
      write()
      input = nil
      phase = .leaving(next: SIGTERM, at: now + grace)
    case .leaving(let signal, let at) where now >= at:
      _ = cl_pidfd_send_signal(watch.number, signal)
      phase = signal == SIGTERM ? .leaving(next: SIGKILL, at: now + grace) : .killed
    case .leaving, .killed:
      break
    }
  }

  private func reap() -> Bool {
    var status = cl_exit_status()
    _ = cl_wait(pid, 1, &status)
    connection.with {
      $0.end(.ended(status.signal > 0 ? .signalled(status.signal) : .exited(status.code)))
    }
    input = nil
    output = nil
    error = nil
    return true
  }
}
