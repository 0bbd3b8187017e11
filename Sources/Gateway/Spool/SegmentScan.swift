/// What a segment's bytes hold: a function of the bytes, without I/O.
struct SegmentScan: Equatable {
  enum End: Equatable {
    /// The last record ends where the bytes do.
    case clean
    /// What follows the last whole record is what a death in the middle of a write leaves.
    case torn
    /// Whole records follow what is not whole, or it is no segment: nobody died here.
    case damaged
  }

  enum Header: Equatable {
    case whole
    /// An earlier Caisson wrote it: read, and not written further.
    case older
    case short
    case foreign
    case newer(Int)
  }

  /// Where the last whole record ends.
  private(set) var size = 0
  private(set) var end = End.clean

  static func header(of bytes: UnsafeRawBufferPointer, number: UInt32) -> Header {
    let magic = SegmentFile.magic
    guard bytes.count >= SegmentFile.headerSize else {
      let expected = SegmentFile.header(number)
      return bytes.elementsEqual(expected.prefix(bytes.count)) ? .short : .foreign
    }
    guard bytes.prefix(magic.count).elementsEqual(magic) else { return .foreign }
    let version = bytes.load(UInt32.self, at: 8)
    let isOurs = bytes.load(UInt32.self, at: 12) == number
    // A flipped bit in the number is damage; so is one in a version that was never given.
    guard isOurs, version > 0, version < 1 << 16 else { return .foreign }
    if version == SegmentFile.version { return .whole }
    return version < SegmentFile.version ? .older : .newer(Int(version))
  }

  /// Goes over the records behind the header, calling `record` for each that is whole.
  init(
    _ bytes: UnsafeRawBufferPointer,
    record: (RecordHead, _ offset: Int, _ payload: UnsafeRawBufferPointer) -> Void
  ) {
    size = SegmentFile.headerSize
    while size < bytes.count {
      guard let head = RecordHead(in: bytes, at: size), head.isWhole(in: bytes, at: size) else {
        end = Self.holdsRecord(bytes, after: size) ? .damaged : .torn
        return
      }
      let start = size + RecordHead.size
      record(head, size, UnsafeRawBufferPointer(rebasing: bytes[start..<start + head.length]))
      size = start + head.length
    }
  }

  /// Whether a whole record begins anywhere after a place.
  ///
  /// Work is bounded: who finds this much that looks like a record and is none is told of damage,
  /// which loses nothing.
  private static func holdsRecord(_ bytes: UnsafeRawBufferPointer, after place: Int) -> Bool {
    var budget = 256 << 20
    var offset = place + 1
    while bytes.count - offset >= RecordHead.size {
      if let head = RecordHead(in: bytes, at: offset) {
        budget -= head.length
        if budget < 0 || head.isWhole(in: bytes, at: offset) { return true }
      }
      offset += 1
    }
    return false
  }
}
