/// A path of a policy as it is found on this machine.
package struct GrantedPath: Sendable, Hashable {
  /// As the policy names it.
  package var named: String
  /// Without symbolic links.
  package var real: String
  package var isDirectory: Bool
  package var uid: UInt32
  package var gid: UInt32
  /// Part of the built-in system set: read with everyone's rights, never with its owner's.
  package var isSystem: Bool
  /// The content of a small system file, which is then copied into the run: a mount of its own
  /// would cost a run more, at its start and at its end.
  package var content: [UInt8]?

  package init(
    named: String,
    real: String,
    isDirectory: Bool,
    uid: UInt32,
    gid: UInt32,
    isSystem: Bool
  ) {
    self.named = named
    self.real = real
    self.isDirectory = isDirectory
    self.uid = uid
    self.gid = gid
    self.isSystem = isSystem
  }
}

/// Questions about absolute paths as text, without looking at the disk.
package enum PathText {
  /// Whether `path` is `ancestor` or lies below it.
  package static func covers(_ ancestor: String, _ path: String) -> Bool {
    if ancestor == "/" { return true }
    let above = ancestor.utf8
    var rest = path.utf8[...]
    for byte in above {
      guard rest.popFirst() == byte else { return false }
    }
    return rest.isEmpty || rest.first == UInt8(ascii: "/")
  }

  package static func liesBelow(_ path: String, _ ancestor: String) -> Bool {
    path != ancestor && covers(ancestor, path)
  }

  /// The directories from `ancestor` (not included) down to the parent of `path`.
  package static func between(_ ancestor: String, _ path: String) -> [String] {
    guard liesBelow(path, ancestor) else { return [] }
    var result: [String] = []
    var current = ancestor == "/" ? "" : ancestor
    let rest = path.dropFirst(current.count + 1).split(separator: "/")
    for name in rest.dropLast() {
      current += "/" + name
      result.append(current)
    }
    return result
  }

  /// Orders by components, so that a path comes after its ancestors: as bytes, with the slash
  /// before every other.
  static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8) { rank($0) < rank($1) }
  }

  private static func rank(_ byte: UInt8) -> UInt8 { byte == UInt8(ascii: "/") ? 0 : byte }
}
