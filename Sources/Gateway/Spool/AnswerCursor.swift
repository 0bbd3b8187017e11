internal import SystemPackage
internal import Synchronization

/// Reads one answer in order, from its beginning to as far as it has been written.
///
/// It goes back along the answer's own records to the one that it gave last, and then forward. What
/// it has found it keeps open: a segment that is deleted meanwhile is read to the end.
package struct AnswerCursor {
  package enum Part: Equatable {
    case begin(AnswerHead)
    case piece([UInt8])
    case end(AnswerEnd)
    /// Nothing more yet: the answer is still being written.
    case waiting
    /// Nothing more, and no end: whoever wrote it gave up or died.
    case brokenOff
  }

  private struct Place {
    var file: SegmentFile
    var offset: Int
    var length: Int
    var kind: RecordHead.Kind
  }

  package let call: CallNumber
  private let spool: Spool
  /// What has been found and not been given, the next last.
  private var ahead: [Place] = []
  private var given = RecordPlace.none
  private var isOver = false

  init(_ call: CallNumber, of spool: Spool) {
    self.call = call
    self.spool = spool
  }

  /// The next part; nil after the end.
  package mutating func next() throws(SpoolError) -> Part? {
    if isOver { return nil }
    if ahead.isEmpty {
      // Whether it is open is asked together with the last place: an end that comes in between is
      // found the next time.
      let isOpen = try findMore()
      if ahead.isEmpty { return isOpen ? .waiting : .brokenOff }
    }
    guard let place = ahead.popLast() else { return nil }
    return try read(place)
  }

  /// Goes back from the last record to the one given last; says whether more will be written.
  mutating func findMore() throws(SpoolError) -> Bool {
    let (last, isOpen, segments) = spool.state.withLock { state in
      (state.last(of: call)?.place, state.open[call] != nil, state.segments.map(\.file))
    }
    // Forgotten meanwhile, with its segment: what was found has been given.
    guard var place = last else { return false }
    var found: [Place] = []
    while place != given, place != .none {
      guard let file = segments.last(where: { $0.number == place.segment }) else {
        if given == .none { throw .notBeingWritten(call) }
        throw .damaged(path: spool.directory.string, offset: Int(place.offset))
      }
      let bytes = try file.read(RecordHead.size, at: Int(place.offset))
      guard let head = bytes.withUnsafeBytes({ RecordHead(headIn: $0, at: 0) }), head.call == call,
        (head.kind == .begin) == (head.previous == .none),
        // Backwards only: damage cannot lead round in a circle.
        (head.previous.segment, head.previous.offset) < (place.segment, place.offset)
      else { throw .damaged(path: file.path.string, offset: Int(place.offset)) }
      found.append(
        Place(file: file, offset: Int(place.offset), length: head.length, kind: head.kind)
      )
      place = head.previous
    }
    guard place == given else {
      // Another answer under the same number: this one is over.
      return false
    }
    if let newest = found.first {
      given = RecordPlace(segment: newest.file.number, offset: UInt32(newest.offset))
    }
    ahead = found
    return isOpen
  }

  private mutating func read(_ place: Place) throws(SpoolError) -> Part {
    let bytes = try place.file.read(RecordHead.size + place.length, at: place.offset)
    let part: Part? = bytes.withUnsafeBytes { bytes in
      guard let head = RecordHead(in: bytes, at: 0), head.length == place.length,
        head.isWhole(in: bytes, at: 0)
      else { return nil }
      let payload = UnsafeRawBufferPointer(rebasing: bytes[RecordHead.size...])
      return switch place.kind {
      case .begin: AnswerHead(encoded: payload).map(Part.begin)
      case .piece: .piece(Array(payload))
      case .end: AnswerEnd(encoded: payload).map(Part.end)
      case .index: nil
      }
    }
    guard let part else { throw .damaged(path: place.file.path.string, offset: place.offset) }
    if place.kind == .end { isOver = true }
    return part
  }
}

extension Spool {
  /// A call's answer from its beginning, written or still being written; nil where there is none.
  package func answer(of call: CallNumber) throws(SpoolError) -> AnswerCursor? {
    var cursor = AnswerCursor(call, of: self)
    do {
      _ = try cursor.findMore()
    } catch SpoolError.notBeingWritten {
      // Its beginning went with a segment; what is left of it is no answer.
      return nil
    }
    return cursor.isEmpty ? nil : cursor
  }
}

extension AnswerCursor {
  fileprivate var isEmpty: Bool { ahead.isEmpty }
}
