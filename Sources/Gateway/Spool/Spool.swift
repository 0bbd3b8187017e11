internal import Synchronization
package import SystemPackage

/// Answers of providers on the disk before they are passed on.
///
/// A call is paid for when the provider answers, so no byte of an answer may be lost with the
/// process that passes it on: each is appended here first. Records of all calls follow each other
/// in segments; one write is one record. The spool knows calls by the ledger's number and knows
/// nothing of dialects, keys or prices. It is called on event loops: a write is synchronous, short,
/// and does not wait for the disk unless the options say so.
package final class Spool: Sendable {
  package let directory: FilePath
  let options: SpoolOptions
  let clock: @Sendable () -> Int64
  let state: Mutex<SpoolState>
  private let lock: SpoolLock

  init(lock: consuming SpoolLock, state: sending SpoolState, clock: @escaping @Sendable () -> Int64)
  {
    directory = state.directory
    options = state.options
    self.clock = clock
    self.lock = lock
    self.state = Mutex(state)
  }

  /// Begins the answer of a call. An earlier answer under the same number is forgotten: the ledger
  /// gives each number once, so that one belongs to a ledger that is gone.
  package func begin(
    _ call: CallNumber,
    scope: [UInt8],
    requestHash: [UInt8],
    response: [UInt8]
  ) throws(SpoolError) {
    let head = AnswerHead(
      begunAt: clock(),
      scope: scope,
      requestHash: requestHash,
      response: response
    )
    try write(.begin, call, head.encoded.span.bytes, time: head.begunAt)
  }

  /// Appends a piece of the answer, as it came. It may be passed on when this has returned.
  package func append(_ piece: RawSpan, to call: CallNumber) throws(SpoolError) {
    try write(.piece, call, piece, time: nil)
  }

  package func append(_ piece: [UInt8], to call: CallNumber) throws(SpoolError) {
    try append(piece.span.bytes, to: call)
  }

  /// Ends the answer. After an error the call is still being written: end it again, or abandon it.
  package func end(
    _ call: CallNumber,
    _ outcome: AnswerEnd.Outcome,
    summary: [UInt8]
  ) throws(SpoolError) {
    let end = AnswerEnd(endedAt: clock(), outcome: outcome, summary: summary)
    try write(.end, call, end.encoded.span.bytes, time: end.endedAt)
  }

  /// Gives up an answer that cannot be ended, as on a full disk: it stays partial.
  package func abandon(_ call: CallNumber) {
    let now = clock()
    let watchers = state.withLock { $0.close(call, time: now)?.watchers }
    for notify in (watchers ?? [:]).values { notify() }
  }

  /// Deletes the segments in which every answer is past the retention. Also done whenever a
  /// segment is begun; call it now and then where nothing is written for long.
  package func expire() {
    let now = clock()
    let expired = state.withLock { $0.expire(now: now, room: 0) }
    for file in expired { file.unlink() }
  }

  // MARK: - Watching

  /// A registration that ``Spool/stopWatching(_:)`` takes back.
  package struct Watch: Sendable {
    let call: CallNumber
    let number: UInt64
  }

  /// Calls `notify` after each record of a call, on the thread that wrote it and off the lock.
  ///
  /// Register first and read then, so that no record falls between. Gives nil where the call is
  /// not being written: everything is there to be read already. Nothing is called after the end.
  package func watch(_ call: CallNumber, _ notify: @escaping @Sendable () -> Void) -> Watch? {
    state.withLock { state in
      guard state.open[call] != nil else { return nil }
      state.nextWatcher += 1
      state.open[call]?.watchers[state.nextWatcher] = notify
      return Watch(call: call, number: state.nextWatcher)
    }
  }

  /// A call that is underway on another thread may still arrive.
  package func stopWatching(_ watch: Watch) {
    state.withLock { _ = $0.open[watch.call]?.watchers.removeValue(forKey: watch.number) }
  }

  // MARK: - Writing

  private func write(
    _ kind: RecordHead.Kind,
    _ call: CallNumber,
    _ payload: RawSpan,
    time: Int64?
  ) throws(SpoolError) {
    guard payload.byteCount <= RecordHead.longest else {
      throw .tooLong(call, bytes: payload.byteCount)
    }
    let size = RecordHead.size + payload.byteCount
    let result = payload.withUnsafeBytes { payload in
      withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { record in
        // Copied and summed before the lock; what is left under it is the head and the write.
        UnsafeMutableRawBufferPointer(rebasing: record[RecordHead.size..<size])
          .copyMemory(from: payload)
        let sum = checksum(payload)
        return Result { () throws(SpoolError) in
          try write(kind, call, record, payloadChecksum: sum, time: time)
        }
      }
    }
    try result.get()
  }

  private func write(
    _ kind: RecordHead.Kind,
    _ call: CallNumber,
    _ record: UnsafeMutableRawBufferPointer,
    payloadChecksum: UInt32,
    time: Int64?
  ) throws(SpoolError) {
    let now = time ?? clock()
    let (result, expired) = state.withLock { state in
      let result = Result { () throws(SpoolError) in
        try state.write(kind, call, record, payloadChecksum: payloadChecksum, now: now)
      }
      defer { state.expired = [] }
      return (result, state.expired)
    }
    for file in expired { file.unlink() }
    let written = try result.get()
    // Followers are told whether or not the disk takes it: the record is there to be read.
    defer { for notify in written.watchers.values { notify() } }
    guard !written.unsynced.isEmpty else { return }
    for file in written.unsynced { try file.sync() }
    try SegmentFile.sync(directory: directory)
  }
}
