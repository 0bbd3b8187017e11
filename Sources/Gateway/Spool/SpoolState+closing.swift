extension SpoolState {
  /// Writes the index behind the last segment, to which nothing is added any more.
  ///
  /// Where the disk does not take the index, the segment goes without: opening reads all of it.
  mutating func closeLast() throws(SpoolError) {
    guard let place = segments.indices.last, segments[place].standing == .growing else { return }
    let segment = segments[place]
    // A call whose part is over may have been begun again here, and that answer is whole.
    let parts = Dictionary(segment.parts.map { ($0.call, $0.offset) }) { $1 }
      .filter { segment.finished[$0.key] == $0.value }
    let whole = segment.finished.recent.lazy.filter { parts[$0.key] == nil }
    let index = SegmentIndex(
      newest: segment.newest,
      whole: CallPlaces.Table(whole.map { ($0.key, $0.value) }),
      parts: segment.parts + goingOn(in: segment.file.number)
    )
    if let record = index.record(at: segment.size) {
      do {
        try segment.file.write(record, at: segment.size)
        segments[place].size += record.count
      } catch {
        // What is left of it would be damage as soon as another segment follows.
        needsCut = true
        try segment.file.cut(to: segment.size)
        needsCut = false
      }
    }
    segments[place].finished = CallPlaces(closed: index.whole, recent: parts)
    segments[place].parts = []
    segments[place].standing = .closed
  }

  private func goingOn(in number: UInt32) -> [SegmentIndex.Part] {
    open.filter { $0.value.trail.last.segment == number }
      .map { $0.value.trail.part(of: $0.key, isOver: false) }
  }
}
