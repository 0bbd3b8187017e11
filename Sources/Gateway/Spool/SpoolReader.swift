internal import Glibc
internal import SystemPackage

/// Reads what an earlier process left, segment by segment, into the state that goes on from there.
struct SpoolReader {
  private(set) var state: SpoolState
  private(set) var damage: [Spool.Damage] = []
  private(set) var cutBytes = 0
  /// The answers whose end has not been read. Of the others only a place is kept: there may be
  /// hundreds of thousands.
  private var open: [CallNumber: AnswerTrail] = [:]

  init(state: SpoolState) {
    self.state = state
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
    for (call, trail) in open { state.keep(call, trail) }
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
    if !name.isAside, let (index, size) = try file.index() {
      return take(index, of: file, size: size)
    }
    let bytes = try buffer.fill(from: file)
    let header = SegmentScan.header(of: bytes, number: name.number)
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
    case .whole, .older:
      let standing: SpoolState.Segment.Standing = isLast && header == .whole ? .growing : .closed
      // Before its records, which are noted in it.
      state.segments.append(.init(file: file, size: bytes.count, standing: standing))
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
      .init(file: file, size: size, finished: finished ?? CallPlaces(), standing: .aside)
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
    switch head.kind {
    case .begin:
      guard head.previous == .none, let time = AnswerHead.time(encoded: payload) else { return }
      open[head.call] = AnswerTrail(from: place, newest: time)
    case .piece:
      guard let index = self.place(of: head.call, after: head.previous) else { return }
      open.values[index].goOn(to: place)
    case .end:
      guard let index = self.place(of: head.call, after: head.previous),
        let time = AnswerEnd.time(encoded: payload)
      else { return }
      var trail = open.remove(at: index).value
      trail.goOn(to: place)
      trail.newest = max(trail.newest, time)
      state.keep(head.call, trail)
    case .index: break
    }
  }

  private func place(
    of call: CallNumber,
    after previous: RecordPlace
  ) -> Dictionary<CallNumber, AnswerTrail>.Index? {
    guard let index = open.index(forKey: call), open.values[index].last == previous
    else { return nil }
    return index
  }

  /// Adds what the index of a segment says to its calls, as reading its records would.
  private mutating func take(_ index: SegmentIndex, of file: SegmentFile, size: Int) {
    func place(of part: SegmentIndex.Part) -> RecordPlace {
      RecordPlace(segment: file.number, offset: part.offset)
    }
    state.segments.append(
      .init(file: file, size: size, newest: index.newest, standing: .closed)
    )
    for part in index.parts where part.previous != .none {
      guard let found = self.place(of: part.call, after: part.previous) else { continue }
      open.values[found].goOn(to: place(of: part))
      open.values[found].newest = part.newest
      if part.isOver { state.keep(part.call, open.remove(at: found).value) }
    }
    let last = state.segments.count - 1
    // A call whose part is over may have been begun again here.
    let parts = state.segments[last].finished.recent.filter { index.whole[$0.key] == nil }
    state.segments[last].finished = CallPlaces(closed: index.whole, recent: parts)
    for part in index.parts where part.previous == .none {
      open[part.call] = AnswerTrail(from: place(of: part), newest: part.newest)
    }
  }
}
