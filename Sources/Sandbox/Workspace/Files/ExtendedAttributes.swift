internal import CLinux

/// The extended attributes of a file that Caisson carries: `user.*` without overlayfs's own.
///
/// `security.*` (file capabilities), `trusted.*` and `system.*` never cross.
struct ExtendedAttributes: Hashable, Sendable {
  /// Sorted by key, so that equal sets are equal values.
  var values: [Pair] = []

  struct Pair: Hashable, Sendable {
    var key: [UInt8]
    var value: [UInt8]
  }

  static let overlayPrefix = Array("user.overlay.".utf8)
  private static let userPrefix = Array("user.".utf8)

  init() {}

  /// Reads them; files that have none, or whose file system has none, give an empty set.
  init(of name: [UInt8], in directory: borrowing OpenFile) throws(WorkspaceError) {
    self = try Self(Self.keys(of: name, in: directory), of: name, in: directory)
  }

  /// Reads those of a list of keys that are carried.
  init(_ keys: [[UInt8]], of name: [UInt8], in directory: borrowing OpenFile) throws(WorkspaceError)
  {
    for key in keys
    where key.starts(with: Self.userPrefix) && !key.starts(with: Self.overlayPrefix) {
      if let value = try Self.value(key, of: name, in: directory) {
        values.append(Pair(key: key, value: value))
      }
    }
    values.sort { $0.key.lexicographicallyPrecedes($1.key) }
  }

  static func keys(
    of name: [UInt8],
    in directory: borrowing OpenFile
  ) throws(WorkspaceError) -> [[UInt8]] {
    let descriptor = directory.descriptor
    // Most files have none or few: one call into a small buffer is enough.
    for capacity in [1024, 65536] {
      var result = 0
      let keys = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { buffer in
        result = withName(name) {
          cl_fs_attributes(descriptor, $0, buffer.baseAddress, capacity)
        }
        return buffer[..<max(result, 0)].split(separator: 0).map(Array.init)
      }
      if result == -34 { continue }
      if result < 0, !isAbsent(result) {
        throw .call("read the attributes of", PrintableText.quotedName(name), Int32(result))
      }
      return keys
    }
    return []
  }

  /// The value of one attribute; nil where it is not set.
  static func value(
    _ key: [UInt8],
    of name: [UInt8],
    in directory: borrowing OpenFile
  ) throws(WorkspaceError) -> [UInt8]? {
    let descriptor = directory.descriptor
    var result = 0
    let read = { (buffer: UnsafeMutablePointer<UInt8>?, capacity: Int) in
      result = withName(name) { name in
        withName(key) { cl_fs_attribute(descriptor, name, $0, buffer, capacity) }
      }
    }
    var value = [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
      read(buffer.baseAddress, 256)
      count = max(result, 0)
    }
    if result == -34 {
      value = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
        read(buffer.baseAddress, 65536)
        count = max(result, 0)
      }
    }
    if isAbsent(result) { return nil }
    if result < 0 {
      throw .call("read an attribute of", PrintableText.quotedName(name), Int32(result))
    }
    return value
  }

  /// Makes a file's carried attributes equal to these.
  func write(to name: [UInt8], in directory: borrowing OpenFile) throws(WorkspaceError) {
    let present = try ExtendedAttributes(of: name, in: directory)
    if present == self { return }
    let descriptor = directory.descriptor
    for pair in present.values where !values.contains(where: { $0.key == pair.key }) {
      let result = withName(name) { name in
        withName(pair.key) { cl_fs_remove_attribute(descriptor, name, $0) }
      }
      if result < 0, result != -61 {
        throw .call("remove an attribute of", PrintableText.quotedName(name), result)
      }
    }
    for pair in values where !present.values.contains(pair) {
      try Self.set(pair.key, pair.value, of: name, in: directory)
    }
  }

  static func set(
    _ key: [UInt8],
    _ value: [UInt8],
    of name: [UInt8],
    in directory: borrowing OpenFile
  ) throws(WorkspaceError) {
    let descriptor = directory.descriptor
    let result = withName(name) { name in
      withName(key) { key in
        value.withUnsafeBytes {
          cl_fs_set_attribute(descriptor, name, key, $0.baseAddress, $0.count)
        }
      }
    }
    if result < 0 {
      throw .call("set an attribute of", PrintableText.quotedName(name), result)
    }
  }

  /// ENODATA, EOPNOTSUPP, and EACCES or EPERM: `user.*` of a file that we may not read, or of
  /// something that has none.
  private static func isAbsent(_ result: Int) -> Bool {
    result == -61 || result == -95 || result == -13 || result == -1
  }
}
