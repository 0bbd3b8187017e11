/// One file of GGUF, read and checked: header, keys, and where each tensor lies.
///
/// Format: `docs/gguf.md` of ggml, versions 2 and 3, little-endian. Nothing is allocated for a count
/// before the file was seen to be long enough for it.
struct GGUFShard {
  /// A tensor's place in the file, its type still as a code.
  struct Place {
    let name: String
    let code: UInt32
    let shape: [Int]
    /// From the start of the tensors.
    let offset: UInt64
  }

  /// Bounds that no real model comes near: keys, tensors, and the texts among the keys.
  static let mostKeys: UInt64 = 1 << 12
  static let mostTensors: UInt64 = 1 << 16
  static let longestKey: UInt64 = 65_535
  static let longestName: UInt64 = 64
  static let longestText: UInt64 = 1 << 24
  static let deepestList = 4
  static let alignments: ClosedRange<UInt64> = 8...(1 << 20)

  let file: MappedFile
  private(set) var metadata: [String: GGUFValue] = [:]
  private(set) var tensors: [String: GGUFTensor] = [:]
  /// Tensors of types that are not computed here, with their codes.
  private(set) var unknown: [String: UInt32] = [:]
  /// Bytes up to the first tensor's: all that was read to know where the tensors lie.
  private(set) var headerSize = 0

  private var cursor: ByteCursor

  init(_ file: MappedFile) throws(GGUFError) {
    self.file = file
    cursor = ByteCursor(file.bytes)
    let counts = try header()
    metadata.reserveCapacity(Int(counts.keys))
    for index in 0..<counts.keys { try key(index) }
    let alignment = try alignment()
    var places: [Place] = []
    places.reserveCapacity(Int(counts.tensors))
    for index in 0..<counts.tensors { places.append(try place(index)) }
    headerSize = cursor.offset
    try lay(places, alignment: alignment)
  }

  private func error(_ fault: GGUFError.Fault) -> GGUFError {
    GGUFError(path: file.path, fault: fault)
  }

  // MARK: Header

  private mutating func header() throws(GGUFError) -> (keys: UInt64, tensors: UInt64) {
    guard let magic = cursor.next(UInt32.self), magic == 0x4655_4747 else { throw error(.notGGUF) }
    let version: UInt32 = try number("its header")
    if version & 0xFFFF == 0, version != 0 { throw error(.bigEndian) }
    guard version == 2 || version == 3 else { throw error(.version(version)) }
    let tensors: UInt64 = try number("its header")
    let keys: UInt64 = try number("its header")
    // A key takes 14 bytes at least (length, one letter, type, one byte), a tensor 33 (length, one
    // letter, count, one dimension, type, offset).
    let room = UInt64(cursor.remaining)
    guard keys <= Self.mostKeys, keys <= room / 14 else { throw error(.tooMany("keys", keys)) }
    guard tensors <= Self.mostTensors, tensors <= room / 33 else {
      throw error(.tooMany("tensors", tensors))
    }
    return (keys, tensors)
  }

  private mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(
    _ what: @autoclosure () -> String
  ) throws(GGUFError) -> Number {
    guard let number = cursor.next(Number.self) else { throw error(.ends(what())) }
    return number
  }

  // MARK: Keys

  private mutating func key(_ index: UInt64) throws(GGUFError) {
    let key = try name("key \(index)", limit: Self.longestKey)
    let kind = try kind(key)
    let value = try value(kind, of: key)
    guard metadata.updateValue(value, forKey: key) == nil else {
      throw error(.key(key, "stands twice: the file is damaged"))
    }
  }

  /// The name of a key or of a tensor.
  private mutating func name(
    _ what: @autoclosure () -> String,
    limit: UInt64
  ) throws(GGUFError) -> String {
    let length: UInt64 = try number(what())
    guard length > 0, length <= limit else {
      throw error(.tooMany("bytes as the name of \(what())", length))
    }
    guard let range = cursor.take(length) else { throw error(.ends(what())) }
    guard let name = cursor.text(range) else {
      throw error(.key(what(), "has a name that is not UTF-8: the file is damaged"))
    }
    return name
  }

  private mutating func kind(_ key: String) throws(GGUFError) -> GGUFValue.Kind {
    let code: UInt32 = try number("the key \"\(key)\"")
    guard let kind = GGUFValue.Kind(rawValue: code) else {
      throw error(.key(key, "has a value of the unknown type \(code): the file is damaged"))
    }
    return kind
  }

  private mutating func value(
    _ kind: GGUFValue.Kind,
    of key: String
  ) throws(GGUFError) -> GGUFValue {
    // Said only where it fails: a list of many lists comes by here as often.
    func what() -> String { "the key \"\(key)\"" }
    switch kind {
    case .uint8: return .unsigned(UInt64(try number(what()) as UInt8))
    case .uint16: return .unsigned(UInt64(try number(what()) as UInt16))
    case .uint32: return .unsigned(UInt64(try number(what()) as UInt32))
    case .uint64: return .unsigned(try number(what()))
    case .int8: return .signed(Int64(try number(what()) as Int8))
    case .int16: return .signed(Int64(try number(what()) as Int16))
    case .int32: return .signed(Int64(try number(what()) as Int32))
    case .int64: return .signed(try number(what()))
    case .float32: return .real(Double(Float(bitPattern: try number(what()))))
    case .float64: return .real(Double(bitPattern: try number(what())))
    case .flag: return .flag(try flag(key))
    case .text:
      let length: UInt64 = try number(what())
      guard length <= Self.longestText else {
        throw error(.key(key, "claims a text of \(length) bytes"))
      }
      guard let range = cursor.take(length) else { throw error(.ends(what())) }
      return .text(cursor.copy(range))
    case .list: return .list(try list(key, depth: 1))
    }
  }

  private mutating func flag(_ key: String) throws(GGUFError) -> Bool {
    let byte: UInt8 = try number("the key \"\(key)\"")
    guard byte <= 1 else { throw error(.key(key, "is neither true nor false, but \(byte)")) }
    return byte == 1
  }

  private mutating func list(_ key: String, depth: Int) throws(GGUFError) -> GGUFList {
    func what() -> String { "the key \"\(key)\"" }
    let kind = try kind(key)
    let count: UInt64 = try number(what())
    let start = cursor.offset
    var texts: [UInt32] = []
    switch kind {
    case .text: texts = try self.texts(key, count)
    case .list:
      guard depth < Self.deepestList else {
        throw error(.key(key, "has lists within lists, deeper than \(Self.deepestList)"))
      }
      for _ in 0..<count { _ = try list(key, depth: depth + 1) }
    case .flag:
      guard count <= UInt64(cursor.remaining) else { throw error(.ends(what())) }
      for _ in 0..<count { _ = try flag(key) }
    default:
      guard cursor.take(count, of: kind.size ?? 1) != nil else { throw error(.ends(what())) }
    }
    return GGUFList(
      elementKind: kind,
      count: Int(count),
      file: file,
      range: start..<cursor.offset,
      texts: texts
    )
  }

  private mutating func texts(_ key: String, _ count: UInt64) throws(GGUFError) -> [UInt32] {
    func what() -> String { "the key \"\(key)\"" }
    guard count <= UInt64(cursor.remaining) / 8 else { throw error(.ends(what())) }
    let start = cursor.offset
    var places: [UInt32] = []
    places.reserveCapacity(Int(count) + 1)
    places.append(0)
    for _ in 0..<count {
      let length: UInt64 = try number(what())
      guard cursor.take(length) != nil else { throw error(.ends(what())) }
      guard let place = UInt32(exactly: cursor.offset - start) else {
        throw error(.key(key, "has texts of more than 4 GiB"))
      }
      places.append(place)
    }
    return places
  }

  private func alignment() throws(GGUFError) -> UInt64 {
    let key = "general.alignment"
    guard let value = metadata[key] else { return 32 }
    guard let alignment = value.unsigned, alignment.nonzeroBitCount == 1,
      Self.alignments.contains(alignment)
    else { throw error(.key(key, "is no power of two from 8 to \(Self.alignments.upperBound)")) }
    return alignment
  }

  // MARK: Tensors

  private mutating func place(_ index: UInt64) throws(GGUFError) -> Place {
    let name = try name("tensor \(index)", limit: Self.longestName)
    let what = "the tensor \"\(name)\""
    let dimensions: UInt32 = try number(what)
    guard (1...4).contains(dimensions) else {
      throw error(.tensor(name, "has \(dimensions) dimensions instead of one to four"))
    }
    var shape: [Int] = []
    for _ in 0..<dimensions {
      let length: UInt64 = try number(what)
      guard length > 0, let length = Int(exactly: length) else {
        throw error(.tensor(name, "has a dimension of \(length)"))
      }
      shape.append(length)
    }
    let code: UInt32 = try number(what)
    return Place(name: name, code: code, shape: shape, offset: try number(what))
  }

  /// Turns places into tensors: each within the file, aligned, and apart from all others.
  private mutating func lay(_ places: [Place], alignment: UInt64) throws(GGUFError) {
    guard !places.isEmpty else { return }
    let start = (UInt64(cursor.offset) + alignment - 1) / alignment * alignment
    guard start <= UInt64(file.bytes.count) else { throw error(.ends("its header")) }
    let room = UInt64(file.bytes.count) - start
    tensors.reserveCapacity(places.count)
    var ranges: [(range: Range<Int>, name: String)] = []
    ranges.reserveCapacity(places.count)
    for place in places {
      guard tensors[place.name] == nil, unknown[place.name] == nil else {
        throw error(.tensor(place.name, "stands twice: the file is damaged"))
      }
      guard place.offset <= room else { throw error(.ends("the tensor \"\(place.name)\"")) }
      guard place.offset % alignment == 0 else {
        throw error(.tensor(place.name, "is not aligned to \(alignment) bytes"))
      }
      guard let type = TensorType(rawValue: place.code) else {
        unknown[place.name] = place.code
        continue
      }
      let range = try range(of: place, type, from: start, room: room)
      ranges.append((range, place.name))
      tensors[place.name] = GGUFTensor(
        name: place.name,
        type: type,
        shape: place.shape,
        file: file,
        range: range
      )
    }
    ranges.sort { $0.range.lowerBound < $1.range.lowerBound }
    for (first, second) in zip(ranges, ranges.dropFirst())
    where first.range.upperBound > second.range.lowerBound {
      throw error(.overlap(first.name, second.name))
    }
  }

  private func range(
    of place: Place,
    _ type: TensorType,
    from start: UInt64,
    room: UInt64
  ) throws(GGUFError) -> Range<Int> {
    guard place.shape[0] % type.blockLength == 0 else {
      throw error(
        .tensor(
          place.name,
          "has rows of \(place.shape[0]) numbers, no multiple of \(type.blockLength) as"
            + " \(type.name) needs"
        )
      )
    }
    guard let size = type.size(of: place.shape), UInt64(size) <= room - place.offset else {
      throw error(.ends("the tensor \"\(place.name)\""))
    }
    let first = Int(start + place.offset)
    return first..<(first + size)
  }
}
