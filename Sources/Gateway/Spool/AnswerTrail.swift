/// Where the records of one answer lie, from its begin as far as it has come.
struct AnswerTrail: Equatable {
  private(set) var last: RecordPlace
  /// Its last record before the newest of its segments; none where it began in that one.
  private(set) var before = RecordPlace.none
  /// The segments that hold a record of it.
  private(set) var segments: [UInt32]
  /// The later of its begin and its end; microseconds since 1970.
  var newest: Int64

  init(from place: RecordPlace, newest: Int64) {
    last = place
    segments = [place.segment]
    self.newest = newest
  }

  mutating func goOn(to place: RecordPlace) {
    if place.segment != last.segment {
      before = last
      segments.append(place.segment)
    }
    last = place
  }

  /// What of it lies in the newest of its segments.
  func part(of call: CallNumber, isOver: Bool) -> SegmentIndex.Part {
    .init(call: call, offset: last.offset, previous: before, newest: newest, isOver: isOver)
  }
}
