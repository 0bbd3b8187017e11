import Glibc
import NIOCore
import Synchronization

/// Tells in the rows of a connection whose it is.
///
/// The question is asked when the connection comes in, away from the event loops, and nothing is said
/// to the run before it is answered: whoever waits for an answer does not end meanwhile. Rows wait
/// until the program is hashed, too; neither waits longer than a second.
package final class ProgramWitness: AuditSink {
  /// Finds whose the connection is between two addresses, the run's first, on a thread of its own.
  typealias Search = @Sendable (_ near: Endpoint, _ far: Endpoint, _ flow: UInt64) -> Void

  package struct Endpoint: Hashable, Sendable {
    package let address: [UInt8]
    package let port: UInt16
  }

  private enum Answer {
    case found(Observation.Program)
    case unknown(String)
  }

  private enum Entry {
    case asked(held: [Observation], soFar: Observation.Program?)
    case known(Answer)
  }

  private struct State {
    var entries: [UInt64: Entry] = [:]
    /// Connections that are closed, oldest first: their last rows may still come.
    var closed: [UInt64] = []
    /// Connections that begin once it is known whose they are.
    var waiting: [UInt64: EventLoopPromise<Void>] = [:]
    var search: Search?
  }

  private let state = Mutex(State())
  private let audit: any AuditSink

  private static let patience = TimeAmount.seconds(1)
  private static let mostWaiting = 256
  private static let mostClosed = 1_024

  package init(audit: any AuditSink) {
    self.audit = audit
  }

  /// Tells from now on: what is searched for is answered by ``found(_:of:)``, ``told(_:of:)`` or
  /// ``missed(_:_:)``.
  func begin(_ search: @escaping Search) {
    state.withLock { $0.search = search }
  }

  /// Says that nobody will be told, and why.
  func noteAbsence(_ error: Int32) {
    var row = Observation(
      .connection,
      .failed,
      host: "",
      port: 0,
      transport: "tcp",
      rule: "limit: programs"
    )
    row.reason =
      "programs are not recorded: the kernel does not tell whose a connection is "
      + "(\(String(cString: strerror(error))))"
    audit.note(row)
  }

  // MARK: Connections

  /// Takes a connection of the run that was just accepted.
  ///
  /// - Returns: when it may begin.
  func accepted(_ channel: any Channel, flow: UInt64) -> EventLoopFuture<Void> {
    let begun = channel.eventLoop.makeSucceededVoidFuture()
    guard let far = Endpoint(channel.localAddress), let near = Endpoint(channel.remoteAddress)
    else { return begun }
    let promise = channel.eventLoop.makePromise(of: Void.self)
    let search: Search? = state.withLock { state in
      guard let search = state.search else { return nil }
      guard state.waiting.count < Self.mostWaiting else {
        let reason = "too many connections came at once to look whose they are"
        state.entries[flow] = .known(.unknown(reason))
        return nil
      }
      state.waiting[flow] = promise
      state.entries[flow] = .asked(held: [], soFar: nil)
      return search
    }
    channel.closeFuture.whenComplete { [self] _ in close(flow) }
    guard let search else {
      promise.succeed()
      return begun
    }
    search(near, far, flow)
    channel.eventLoop.scheduleTask(in: Self.patience) { [self] in missed(flow, .late) }
    return promise.futureResult
  }

  private func close(_ flow: UInt64) {
    state.withLock { state in
      state.closed.append(flow)
      guard state.closed.count > Self.mostClosed else { return }
      let oldest = state.closed.removeFirst()
      if case .asked? = state.entries[oldest] {
        // Rows wait for the answer.
        state.closed.append(oldest)
      } else {
        state.entries[oldest] = nil
      }
    }
  }

  // MARK: Answers

  /// Whether a connection waits to be told.
  func isWaiting(_ flow: UInt64) -> Bool { state.withLock { $0.waiting[flow] != nil } }

  /// Takes a program whose file is still to be hashed: better than nothing, should that take long.
  func found(_ program: Observation.Program, of flow: UInt64) {
    let promise: EventLoopPromise<Void>? = state.withLock { state in
      guard case .asked(let held, _)? = state.entries[flow] else { return nil }
      state.entries[flow] = .asked(held: held, soFar: program)
      return state.waiting.removeValue(forKey: flow)
    }
    promise?.succeed()
  }

  func told(_ program: Observation.Program, of flow: UInt64) {
    settle(flow, .found(program))
  }

  enum Miss: String {
    case gone = "the process was gone before it was looked for"
    case hidden = "no process that can be looked at holds the connection any more"
    case late = "it was not found out in time"
  }

  func missed(_ flow: UInt64, _ miss: Miss) { settle(flow, .unknown(miss.rawValue)) }

  /// Lets go of the rows that still wait.
  package func finish() {
    let flows = state.withLock { state in
      state.entries.compactMap { flow, entry -> UInt64? in
        if case .asked = entry { flow } else { nil }
      }
    }
    for flow in flows { settle(flow, .unknown("the run ended before it was found out")) }
  }

  private func settle(_ flow: UInt64, _ answer: Answer) {
    let (rows, promise): ([Observation], EventLoopPromise<Void>?) = state.withLock { state in
      guard case .asked(let held, let soFar)? = state.entries[flow] else { return ([], nil) }
      var answer = answer
      if case .unknown = answer, let soFar { answer = .found(soFar) }
      state.entries[flow] = .known(answer)
      return (held.map { Self.row($0, answer) }, state.waiting.removeValue(forKey: flow))
    }
    promise?.succeed()
    for row in rows { audit.note(row) }
  }

  // MARK: Rows

  package func note(_ observation: Observation) {
    guard observation.flow != 0 else { return audit.note(observation) }
    let row: Observation? = state.withLock { state in
      switch state.entries[observation.flow] {
      case .asked(let held, let soFar) where held.count < 64:
        state.entries[observation.flow] = .asked(held: held + [observation], soFar: soFar)
        return nil
      case .known(let answer): return Self.row(observation, answer)
      case .asked, nil: return Self.row(observation, .unknown("it was not found out"))
      }
    }
    if let row { audit.note(row) }
  }

  private static func row(_ observation: Observation, _ answer: Answer) -> Observation {
    var row = observation
    switch answer {
    case .found(let program): row.program = program
    case .unknown(let reason): row.unknownProgram = reason
    }
    return row
  }
}

extension ProgramWitness.Endpoint {
  init?(_ address: SocketAddress?) {
    guard let address, let bytes = address.bytes, let port = address.port,
      let port = UInt16(exactly: port)
    else { return nil }
    self.init(address: bytes, port: port)
  }
}
