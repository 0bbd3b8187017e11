/// Where everything lies in a sidecar, which follows from the model and the parts alone.
///
/// A head in whole pages, then each part from a multiple of 64. The head says: what this is, its
/// version, the key, sizes and places of all parts (64 bytes and 16 a part), then a digest of each
/// part's content and one of these digests. Since all but the digests is known beforehand, a sidecar
/// is right if its head reads so byte for byte; nothing in it is ever interpreted.
struct SidecarLayout {
  /// Changes whenever anything above does.
  static let version: UInt32 = 1
  private static let magic = Array("caiss-sc".utf8)

  /// What a sidecar belongs to: the model's files by size, time and header, and each part's form.
  let key: Digest
  let places: [Range<Int>]
  let size: Int
  /// The head up to the digests.
  let head: [UInt8]

  /// Bytes from the start to the digests' own digest.
  var headSize: Int { head.count + 16 * places.count }

  init(model: GGUFFile, parts: [SidecarPart]) {
    var key = Digest()
    key.add(UInt64(Self.version))
    key.add(model.files.count)
    for (file, headerSize) in model.files {
      key.add(file.bytes.count)
      key.add(Int(file.identity?.modified ?? 0))
      key.add(UnsafeRawBufferPointer(rebasing: file.bytes.prefix(headerSize)))
    }
    key.add(parts.count)
    let whole = 64 + 16 * parts.count + 16 * parts.count + 16
    var end = (whole + 4095) / 4096 * 4096
    var places: [Range<Int>] = []
    for part in parts {
      key.add(part.tensor.name)
      key.add(Int(part.tensor.type.rawValue))
      key.add(part.tensor.offset)
      key.add(part.tensor.shape.count)
      for length in part.tensor.shape { key.add(length) }
      key.add(part.rowGroup)
      key.add(part.form)
      let start = (end + 63) / 64 * 64
      end = start + part.tensor.bytes.count
      places.append(start..<end)
    }
    self.key = key
    self.places = places
    size = end
    var head = Self.magic
    func append(_ number: some FixedWidthInteger) {
      withUnsafeBytes(of: number.littleEndian) { head += $0 }
    }
    append(Self.version)
    append(UInt32(truncatingIfNeeded: parts.count))
    append(key.first)
    append(key.second)
    append(UInt64(end))
    head += Array(repeating: 0, count: 64 - head.count)
    for place in places {
      append(UInt64(place.lowerBound))
      append(UInt64(place.count))
    }
    self.head = head
  }

  /// The name of the model's file with what tells its sidecar from others.
  func name(of model: GGUFFile) -> String {
    let path = model.files.first?.file.path ?? ""
    let base = path.split(separator: "/").last ?? ""
    let plain = base.utf8.prefix(80).map { byte in
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95: Character(Unicode.Scalar(byte))
      default: "_" as Character
      }
    }
    let digits = String(key.first, radix: 16)
    return "\(String(plain))-\(String(repeating: "0", count: 16 - digits.count))\(digits).packed"
  }

  /// The head with the digests of the parts' contents.
  func head(with digests: [Digest]) -> [UInt8] {
    var bytes = head
    for digest in digests + [Self.digest(of: digests)] {
      withUnsafeBytes(of: digest.first.littleEndian) { bytes += $0 }
      withUnsafeBytes(of: digest.second.littleEndian) { bytes += $0 }
    }
    return bytes
  }

  /// Whether a file is this sidecar, as far as its head and its length say.
  func matches(_ file: MappedFile) -> Bool {
    guard file.bytes.count == size, size >= headSize + 16,
      file.bytes.prefix(head.count).elementsEqual(head)
    else { return false }
    var sum = Digest()
    for index in places.indices {
      let digest = digest(at: index, in: file)
      sum.add(digest.0)
      sum.add(digest.1)
    }
    return digest(at: places.count, in: file) == (sum.first, sum.second)
  }

  /// The digest that stands in the head for a part; for the index behind the last, that of all.
  func digest(at index: Int, in file: MappedFile) -> (UInt64, UInt64) {
    let offset = head.count + 16 * index
    func word(_ offset: Int) -> UInt64 {
      UInt64(littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    return (word(offset), word(offset + 8))
  }

  private static func digest(of digests: [Digest]) -> Digest {
    var sum = Digest()
    for digest in digests {
      sum.add(digest.first)
      sum.add(digest.second)
    }
    return sum
  }
}
