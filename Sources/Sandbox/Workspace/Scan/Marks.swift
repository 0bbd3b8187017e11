/// What the extended attributes of an entry of the layer say.
struct Marks {
  /// What a user set, as far as it may be carried.
  var attributes = ExtendedAttributes()
  var isOpaque = false
  var isWhiteout = false
  /// Whether overlayfs copied it up from the workspace.
  var isCopied = false
  private var hasCapabilities = false

  init(of name: [UInt8], in directory: borrowing OpenFile) throws(WorkspaceError) {
    let keys = try ExtendedAttributes.keys(of: name, in: directory)
    if keys.isEmpty { return }
    attributes = try ExtendedAttributes(keys, of: name, in: directory)
    for key in keys {
      switch key {
      case ChangeLayer.opaqueKey:
        let value = try ExtendedAttributes.value(key, of: name, in: directory)
        isOpaque = value == [UInt8(ascii: "y")]
      case ChangeLayer.whiteoutKey:
        isWhiteout = true
      case ChangeLayer.originKey:
        isCopied = true
      case ChangeLayer.capabilityKey:
        hasCapabilities = true
      default:
        break
      }
    }
  }

  /// What the entry asks for beyond what its counterpart in the workspace has, and never gets.
  func notes(for status: FileStatus, _ below: FileStatus?) -> Change.Notes {
    var notes: Change.Notes = []
    let asked = status.mode & ~(below?.mode ?? 0)
    if asked & 0o4000 != 0 { notes.insert(.setuid) }
    if asked & 0o2000 != 0 { notes.insert(.setgid) }
    if asked & 0o1000 != 0 { notes.insert(.sticky) }
    if hasCapabilities { notes.insert(.capabilities) }
    return notes
  }
}

extension Change.Notes {
  static let special: Change.Notes = [.setuid, .setgid, .sticky, .capabilities]
}
