internal import Glibc
internal import SystemPackage

/// Reads what an earlier process left, segment by segment, into the state that goes on from there.
struct SpoolReader {
  /// A call whose end has not been read. Of the others only a place is kept: there may be hundreds
  /// of thousands.
  private struct Call {
    var head: AnswerHead
    var last: RecordPlace
    var segments: [UInt32]
    var bytes = 0
    var pieces = 0
  }

  private(set) var state: SpoolState
  private(set) var damage: [Spool.Damage] = []
  private(set) var cutBytes = 0
  private var calls: [CallNumber: Call] = [:]
  private let found: (Spool.Found) -> Void

  init(state: SpoolState, found: @escaping (Spool.Found) -> Void) {
    self.state = state
    self.found = found
  }

  mutating func readAll() throws(SpoolError) {
    let names = try list()
    let whole = names.filter { !$0.isAside }
    var buffer = ScanBuffer()
    for name in names {
      let isLast = !name.isAside && name.number == whole.last?.number
      try read(name, isLast: isLast, &buffer)
      state.nextSegment = max(state.nextSegment, name.number &+ 1)
    }
    for (number, call) in calls.sorted(by: { $0.key < $1.key }) {
      keep(number, call, until: call.head.begunAt)
      let isBegun = call.pieces == 0
      found(
        .init(call: number, head: call.head, state: isBegun ? .begun : .partial(bytes: call.bytes))
      )
    }
  }

  private mutating func keep(_ number: CallNumber, _ call: Call, until time: Int64) {
    if let index = state.index(of: call.last.segment) {
      state.segments[index].finished[number] = call.last.offset
    }
    state.note(time: time, in: call.segments)
  }

  // MARK: - Segments

  private struct Name {
    var text: String
    var number: UInt32
    var isAside: Bool
  }

  /// The segments in order; whatever else lies in the directory is none of ours.
  private func list() throws(SpoolError) -> [Name] {
    guard let directory = opendir(state.directory.string) else {
      throw .unavailable(path: state.directory.string, reason: "the directory cannot be listed")
    }
    defer { closedir(directory) }
    var names: [Name] = []
    while let entry = readdir(directory) {
      let text = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      let isAside = text.hasSuffix(SegmentFile.asideSuffix)
      guard let number = UInt32(text.prefix(10)), number > 0, number < .max,
        text == SegmentFile.name(number) + (isAside ? SegmentFile.asideSuffix : "")
      else { continue }
      names.append(Name(text: text, number: number, isAside: isAside))
    }
    return names.sorted { $0.number < $1.number }
  }

  private mutating func read(
    _ name: Name,
    isLast: Bool,
    _ buffer: inout ScanBuffer
  ) throws(SpoolError) {
    let path = state.directory.appending(name.text)
    let file = try SegmentFile.open(path, number: name.number)
    let bytes = try buffer.fill(from: file)
    switch SegmentScan.header(of: bytes, number: name.number) {
    case .newer(let found):
      throw .newerFormat(path: path.string, found: found, known: Int(SegmentFile.version))
    case .short where isLast:
      // Its maker died before the first record.
      try file.cut(to: 0)
      try file.writeHeader()
      cutBytes += bytes.count
      state.segments.append(.init(file: file, size: SegmentFile.headerSize))
    case .short, .foreign:
      try putAside(file, name, size: 0, of: bytes.count)
    case .whole:
      // Before its records, which are noted in it.
      state.segments.append(.init(file: file, size: bytes.count))
      let scan = SegmentScan(bytes) { head, offset, payload in
        take(head, RecordPlace(segment: name.number, offset: UInt32(offset)), payload)
      }
      if name.isAside || scan.end == .damaged || (scan.end == .torn && !isLast) {
        try putAside(file, name, size: scan.size, of: bytes.count)
      } else {
        if scan.end == .torn { try file.cut(to: scan.size) }
        cutBytes += bytes.count - scan.size
        state.segments[state.segments.count - 1].size = scan.size
      }
    }
  }

  private mutating func putAside(
    _ file: SegmentFile,
    _ name: Name,
    size: Int,
    of total: Int
  ) throws(SpoolError) {
    var file = file
    if !name.isAside {
      let path = state.directory.appending(name.text + SegmentFile.asideSuffix)
      // One that somebody put there by the same name is not written over.
      guard access(path.string, F_OK) != 0, rename(file.path.string, path.string) == 0 else {
        throw .unavailable(path: file.path.string, reason: "it is damaged and cannot be renamed")
      }
      file = try SegmentFile.open(path, number: name.number)
    }
    damage.append(Spool.Damage(path: file.path.string, offset: size, size: total))
    let finished = state.index(of: name.number).map { state.segments.remove(at: $0).finished }
    state.segments.append(
      .init(file: file, size: size, finished: finished ?? [:], isAside: true)
    )
  }

  // MARK: - Records

  /// Adds a record to its call. One whose call began in a segment that is gone, or that lost a
  /// record to damage, belongs to no answer that could be read.
  private mutating func take(
    _ head: RecordHead,
    _ place: RecordPlace,
    _ payload: UnsafeRawBufferPointer
  ) {
    if head.kind == .begin {
      guard head.previous == .none, let answer = AnswerHead(encoded: payload) else { return }
      calls[head.call] = Call(head: answer, last: place, segments: [place.segment])
      return
    }
    guard var call = calls[head.call], call.last == head.previous else { return }
    call.last = place
    if call.segments.last != place.segment { call.segments.append(place.segment) }
    if head.kind == .end {
      guard let end = AnswerEnd(encoded: payload) else { return }
      calls[head.call] = nil
      keep(head.call, call, until: max(call.head.begunAt, end.endedAt))
      found(.init(call: head.call, head: call.head, state: .ended(end)))
      return
    }
    call.bytes += payload.count
    call.pieces += 1
    calls[head.call] = call
  }
}
