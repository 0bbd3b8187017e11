internal import SystemPackage

/// What the spool remembers of its segments and calls; kept behind one lock.
struct SpoolState {
  /// A segment, and what of it decides when it may go.
  struct Segment {
    let file: SegmentFile
    var size: Int
    /// The latest begin or end of a call that has a record here; microseconds since 1970.
    var newest: Int64 = 0
    /// Where the answers are that are over, and whose last record is here.
    var finished = CallPlaces()
    /// What is here of those of them that began in an earlier segment; until it is closed.
    var parts: [SegmentIndex.Part] = []
    var standing = Standing.growing

    enum Standing {
      /// The last one, to which records are added.
      case growing
      case closed
      /// Damaged: read up to the damage, never written, never deleted.
      case aside
    }
  }

  /// A call that is being written, by this process.
  struct OpenCall {
    /// It keeps the segments that hold a record of it.
    var trail: AnswerTrail
    var watchers: [UInt64: @Sendable () -> Void] = [:]
  }

  let directory: FilePath
  let options: SpoolOptions
  /// By number, ascending.
  var segments: [Segment] = []
  var open: [CallNumber: OpenCall] = [:]
  /// Numbers are not given twice, not even after the last segment was put aside.
  var nextSegment: UInt32 = 1
  /// A write failed, and what it left could not be cut off yet.
  var needsCut = false
  var nextWatcher: UInt64 = 0
  /// Taken out of `segments`, and to be unlinked off the lock.
  var expired: [SegmentFile] = []

  /// Where the last record of a call is, whether it is being written, and in which files to look.
  func last(of call: CallNumber) -> (place: RecordPlace, isOpen: Bool)? {
    if let open = open[call] { return (open.trail.last, true) }
    for segment in segments.reversed() {
      if let offset = segment.finished[call] {
        return (RecordPlace(segment: segment.file.number, offset: offset), false)
      }
    }
    return nil
  }

  func index(of number: UInt32) -> Int? {
    segments.lastIndex { $0.file.number == number }
  }

  func file(_ number: UInt32) -> SegmentFile? {
    index(of: number).map { segments[$0].file }
  }

  /// What is left to do off the lock, after a record.
  struct Written {
    var watchers: [UInt64: @Sendable () -> Void]
    var unsynced: [SegmentFile] = []
  }

  /// Completes a record's head, writes it, and remembers where it is.
  mutating func write(
    _ kind: RecordHead.Kind,
    _ call: CallNumber,
    _ record: UnsafeMutableRawBufferPointer,
    payloadChecksum: UInt32,
    now: Int64
  ) throws(SpoolError) -> Written {
    let open = open[call]
    if kind == .begin {
      guard open == nil else { throw .beingWritten(call) }
    } else {
      guard open != nil else { throw .notBeingWritten(call) }
    }
    let head = RecordHead(
      kind: kind,
      call: call,
      previous: open?.trail.last ?? .none,
      length: record.count - RecordHead.size
    )
    head.write(into: record, payloadChecksum: payloadChecksum)
    let place = try append(UnsafeRawBufferPointer(record), now: now)
    if kind == .begin {
      self.open[call] = OpenCall(trail: AnswerTrail(from: place, newest: now))
      note(time: now, in: [place.segment])
      return Written(watchers: [:])
    }
    self.open[call]?.trail.goOn(to: place)
    guard kind == .end, let ended = close(call, time: now) else {
      return Written(watchers: open?.watchers ?? [:])
    }
    let unsynced = options.syncsAtEnd ? ended.trail.segments.compactMap { file($0) } : []
    return Written(watchers: ended.watchers, unsynced: unsynced)
  }

  /// Writes one record at the end of the last segment, or nothing.
  ///
  /// A new segment is begun before the last would grow too large.
  private mutating func append(
    _ record: UnsafeRawBufferPointer,
    now: Int64
  ) throws(SpoolError) -> RecordPlace {
    if needsCut, let last = segments.last {
      try last.file.cut(to: last.size)
      needsCut = false
    }
    if needsSegment(for: record.count) {
      try closeLast()
      expired += expire(now: now, room: options.segmentBytes)
      let file = try SegmentFile.create(in: directory, number: nextSegment)
      nextSegment += 1
      segments.append(Segment(file: file, size: SegmentFile.headerSize))
    }
    let index = segments.count - 1
    let place = RecordPlace(
      segment: segments[index].file.number,
      offset: UInt32(segments[index].size)
    )
    do {
      try segments[index].file.write(record, at: segments[index].size)
    } catch {
      // What a short write left is no record: the next one may not begin behind it.
      needsCut = true
      if (try? segments[index].file.cut(to: segments[index].size)) != nil { needsCut = false }
      throw error
    }
    segments[index].size += record.count
    return place
  }

  private func needsSegment(for count: Int) -> Bool {
    guard let last = segments.last, last.standing == .growing else { return true }
    return last.size > SegmentFile.headerSize && last.size + count > options.segmentBytes
  }

  /// Notes a begin or an end in every segment that has a record of the call.
  mutating func note(time: Int64, in numbers: [UInt32]) {
    for number in numbers {
      guard let index = index(of: number) else { continue }
      segments[index].newest = max(segments[index].newest, time)
    }
  }

  /// Takes away the call's state of being written; its answer stays to be read.
  mutating func close(_ call: CallNumber, time: Int64) -> OpenCall? {
    guard let ended = open.removeValue(forKey: call) else { return nil }
    var trail = ended.trail
    trail.newest = max(trail.newest, time)
    keep(call, trail)
    return ended
  }

  /// Remembers where an answer is to which nothing is added any more.
  mutating func keep(_ call: CallNumber, _ trail: AnswerTrail) {
    note(time: trail.newest, in: trail.segments)
    guard let index = index(of: trail.last.segment) else { return }
    segments[index].finished[call] = trail.last.offset
    if segments[index].standing == .growing, trail.before != .none {
      segments[index].parts.append(trail.part(of: call, isOver: true))
    }
  }

  /// Takes out the segments that may go: past the retention, and then the oldest until there is
  /// `room` within the bound. Never one with an answer that is being written, or the last.
  mutating func expire(now: Int64, room: Int) -> [SegmentFile] {
    var kept = Set(open.values.flatMap(\.trail.segments))
    kept.formUnion(segments.lazy.filter { $0.standing == .aside }.map(\.file.number))
    if let last = segments.last { kept.insert(last.file.number) }
    var total = segments.reduce(room) { $0 + ($1.standing == .aside ? 0 : $1.size) }
    var gone: [SegmentFile] = []
    segments.removeAll { segment in
      guard !kept.contains(segment.file.number) else { return false }
      let isOld = segment.newest < now - options.retention
      guard isOld || total > options.totalBytes else { return false }
      total -= segment.size
      gone.append(segment.file)
      return true
    }
    return gone
  }
}
