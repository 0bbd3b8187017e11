internal import Glibc
internal import SystemPackage

/// Reads what an earlier process left, segment by segment, into the state that goes on from there.
struct SpoolReader {
  /// A call as far as it has been read.
  private struct Call {
    var head: AnswerHead
    var last: RecordPlace
    var segments: [UInt32]
    var bytes = 0
    var pieces = 0
    var end: AnswerEnd?
  }

  private(set) var state: SpoolState
  private(set) var damage: [Spool.Damage] = []
  private(set) var cutBytes = 0
  private var calls: [CallNumber: Call] = [:]

  init(state: SpoolState) {
    self.state = state
  }

  mutating func readAll() throws(SpoolError) {
    let names = try list()
    let whole = names.filter { !$0.isAside }
    for name in names {
      try read(name, isLast: !name.isAside && name.number == whole.last?.number)
      state.nextSegment = max(state.nextSegment, name.number &+ 1)
    }
    for (number, call) in calls {
      guard let index = state.index(of: call.last.segment) else { continue }
      state.segments[index].finished[number] = call.last.offset
      state.note(time: max(call.head.begunAt, call.end?.endedAt ?? .min), in: call.segments)
    }
  }

  func found() -> [Spool.Found] {
    calls.sorted { $0.key < $1.key }.map { number, call in
      let state: Spool.Found.State =
        if let end = call.end { .ended(end) } else if call.pieces == 0 { .begun } else {
          .partial(bytes: call.bytes)
        }
      return Spool.Found(call: number, head: call.head, state: state)
    }
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

  private mutating func read(_ name: Name, isLast: Bool) throws(SpoolError) {
    let path = state.directory.appending(name.text)
    let file = try SegmentFile.open(path, number: name.number)
    let bytes = try file.read(try file.size(), at: 0)
    let header = bytes.withUnsafeBytes { SegmentScan.header(of: $0, number: name.number) }
    switch header {
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
      let scan = bytes.withUnsafeBytes { bytes in
        SegmentScan(bytes) { head, offset, payload in
          take(head, RecordPlace(segment: name.number, offset: UInt32(offset)), payload)
        }
      }
      if name.isAside || scan.end == .damaged || (scan.end == .torn && !isLast) {
        try putAside(file, name, size: scan.size, of: bytes.count)
      } else {
        if scan.end == .torn { try file.cut(to: scan.size) }
        cutBytes += bytes.count - scan.size
        state.segments.append(.init(file: file, size: scan.size))
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
      guard rename(file.path.string, path.string) == 0 else {
        throw .unavailable(path: file.path.string, reason: "it is damaged and cannot be renamed")
      }
      file = try SegmentFile.open(path, number: name.number)
    }
    damage.append(Spool.Damage(path: file.path.string, offset: size, size: total))
    state.segments.append(.init(file: file, size: size, isAside: true))
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
    guard var call = calls[head.call], call.end == nil, call.last == head.previous else { return }
    if head.kind == .end {
      guard let end = AnswerEnd(encoded: payload) else { return }
      call.end = end
    } else {
      call.bytes += payload.count
      call.pieces += 1
    }
    call.last = place
    if call.segments.last != place.segment { call.segments.append(place.segment) }
    calls[head.call] = call
  }
}
