/// What a closed segment holds, so that opening the spool need not read the rest of it.
///
/// It is the segment's last record. Its last four bytes say where it begins, so that it is found
/// from the end of the file.
struct SegmentIndex: Equatable {
  /// What a segment has of an answer that lies in several.
  struct Part: Equatable {
    var call: CallNumber
    /// Its last record here.
    var offset: UInt32
    /// The record before its first one here; none where it begins here.
    var previous: RecordPlace
    /// The later of its begin and its end, as far as it had come.
    var newest: Int64
    /// Whether nothing of it comes in later segments.
    var isOver: Bool
  }

  /// As of the segment: see ``SpoolState/Segment/newest``.
  var newest: Int64
  /// The answers that began here and are over.
  var whole: CallPlaces.Table
  var parts: [Part]

  /// Time, both counts.
  private static let headSize = 16
  private static let wholeSize = 12
  private static let partSize = 29
  /// Where the record begins.
  static let trailerSize = 4
}

extension SegmentIndex {
  /// The record, to be written at `offset`; nil where it would be longer than a record may be.
  func record(at offset: Int) -> [UInt8]? {
    let length =
      Self.headSize + whole.calls.count * Self.wholeSize + parts.count * Self.partSize
      + Self.trailerSize
    guard length <= RecordHead.longest else { return nil }
    return [UInt8](unsafeUninitializedCapacity: RecordHead.size + length) { buffer, count in
      let record = UnsafeMutableRawBufferPointer(buffer)
      var place = RecordHead.size
      func put(_ number: some FixedWidthInteger) {
        record.store(number, at: place)
        place += number.bitWidth / 8
      }
      put(newest)
      put(UInt32(whole.calls.count))
      put(UInt32(parts.count))
      for call in whole.calls { put(call.rawValue) }
      for offset in whole.offsets { put(offset) }
      for part in parts {
        put(part.call.rawValue)
        put(part.offset)
        put(part.previous.segment)
        put(part.previous.offset)
        put(part.newest)
        put(part.isOver ? 1 as UInt8 : 0)
      }
      put(UInt32(offset))
      let head = RecordHead(kind: .index, call: CallNumber(0), previous: .none, length: length)
      let payload = UnsafeRawBufferPointer(rebasing: record[RecordHead.size...])
      head.write(into: record, payloadChecksum: checksum(payload))
      count = place
    }
  }

  /// Reads the record that begins at `offset` of a segment and is `bytes`; nil where it is not
  /// whole, or holds what no index does.
  init?(_ bytes: UnsafeRawBufferPointer, at offset: Int, of segment: UInt32) {
    guard let head = RecordHead(in: bytes, at: 0), head.kind == .index,
      head.length == bytes.count - RecordHead.size, head.length >= Self.headSize + Self.trailerSize,
      bytes.load(UInt32.self, at: bytes.count - Self.trailerSize) == offset,
      head.isWhole(in: bytes, at: 0)
    else { return nil }
    var place = RecordHead.size
    func take<Number: FixedWidthInteger>(_: Number.Type) -> Number {
      defer { place += Number.bitWidth / 8 }
      return bytes.load(Number.self, at: place)
    }
    newest = take(Int64.self)
    let counts = (whole: Int(take(UInt32.self)), parts: Int(take(UInt32.self)))
    guard
      head.length == Self.headSize + counts.whole * Self.wholeSize + counts.parts * Self.partSize
        + Self.trailerSize
    else { return nil }
    let calls = (0..<counts.whole).map { _ in CallNumber(take(Int64.self)) }
    let offsets = (0..<counts.whole).map { _ in take(UInt32.self) }
    parts = (0..<counts.parts).map { _ in
      Part(
        call: CallNumber(take(Int64.self)),
        offset: take(UInt32.self),
        previous: RecordPlace(segment: take(UInt32.self), offset: take(UInt32.self)),
        newest: take(Int64.self),
        isOver: take(UInt8.self) == 1
      )
    }
    guard let whole = CallPlaces.Table(calls: calls, offsets: offsets) else { return nil }
    self.whole = whole
    let places = SegmentFile.headerSize..<max(offset, SegmentFile.headerSize)
    guard offsets.allSatisfy({ places.contains(Int($0)) }),
      parts.allSatisfy({ places.contains(Int($0.offset)) && $0.previous.segment < segment })
    else { return nil }
  }
}

extension SegmentFile {
  /// The index at the end; nil where there is none that can be trusted, and all must be read.
  func index() throws(SpoolError) -> (SegmentIndex, size: Int)? {
    let size = try size()
    guard size > Self.headerSize + RecordHead.size + SegmentIndex.trailerSize else { return nil }
    let header = try read(Self.headerSize, at: 0)
    guard header.withUnsafeBytes({ SegmentScan.header(of: $0, number: number) }) == .whole
    else { return nil }
    let trailer = try read(SegmentIndex.trailerSize, at: size - SegmentIndex.trailerSize)
    guard trailer.count == SegmentIndex.trailerSize else { return nil }
    let offset = Int(trailer.withUnsafeBytes { $0.load(UInt32.self, at: 0) })
    guard offset >= Self.headerSize, offset < size - RecordHead.size else { return nil }
    // The head alone first: what lies at the end may be anything.
    let head = try read(RecordHead.size, at: offset)
      .withUnsafeBytes { RecordHead(headIn: $0, at: 0) }
    guard let head, head.kind == .index, head.length == size - offset - RecordHead.size
    else { return nil }
    let record = try read(size - offset, at: offset)
    let index = record.withUnsafeBytes { SegmentIndex($0, at: offset, of: number) }
    return index.map { ($0, size) }
  }
}
