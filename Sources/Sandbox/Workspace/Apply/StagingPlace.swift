/// Where new content waits for its move into the workspace, and where old content goes.
///
/// Both must lie on the workspace's own mount, since only a rename is atomic. Where the run's state
/// does, they are directories of the generation. Otherwise they are in a directory of the workspace
/// itself, `.caisson-apply-<run>`, which is gone when the work ends; what undo needs is then copied
/// into the state before anything visible changes.
struct StagingPlace {
  let new: Directory
  let old: Directory
  /// The directory in the workspace, where one is needed.
  let hidden: Hidden?

  struct Hidden {
    var name: [UInt8]
    /// The workspace root's time before the directory was made in it.
    var rootModified: Timestamp
  }

  /// Decides on the place, writes the intent, and makes the directories.
  static func make(
    _ verb: Transaction.Verb,
    _ generation: Generation,
    _ state: RunState,
    workspace: Directory
  ) throws(WorkspaceError) -> StagingPlace {
    let here = try generation.directory.status()
    let there = try workspace.file.status()
    var hidden: Hidden?
    if here.mount != there.mount || here.device != there.device {
      hidden = Hidden(
        name: ChangeLayer.reservedPrefix + Array(state.record.run.text.utf8),
        rootModified: there.modified
      )
    }
    try generation.write(encode(hidden), .intent, of: verb)
    if let hidden {
      try TreeRemoval.remove(hidden.name, in: workspace.file)
      try workspace.file.makeDirectory(hidden.name)
      let directory = try workspace.file.open(name: hidden.name, [.path, .directory])
      for name in ["new", "old"] { try directory.makeDirectory(Array(name.utf8)) }
    }
    return try open(verb, generation, hidden, workspace: workspace)
  }

  /// Finds the place again after a crash; nil where the intent was all that was written.
  static func reopen(
    _ verb: Transaction.Verb,
    _ generation: Generation,
    workspace: Directory
  ) throws(WorkspaceError) -> StagingPlace {
    try open(verb, generation, try hidden(verb, generation), workspace: workspace)
  }

  static func hidden(
    _ verb: Transaction.Verb,
    _ generation: Generation
  ) throws(WorkspaceError) -> Hidden? {
    guard let bytes = try generation.read(.intent, of: verb) else { return nil }
    return decode(bytes)
  }

  private static func open(
    _ verb: Transaction.Verb,
    _ generation: Generation,
    _ hidden: Hidden?,
    workspace: Directory
  ) throws(WorkspaceError) -> StagingPlace {
    if let hidden {
      let directory = try workspace.file.open(name: hidden.name, [.read, .directory])
      return StagingPlace(
        new: Directory(try directory.open(name: Array("new".utf8), [.read, .directory])),
        old: Directory(try directory.open(name: Array("old".utf8), [.read, .directory])),
        hidden: hidden
      )
    }
    switch verb {
    case .apply:
      return StagingPlace(
        new: try generation.subdirectory("new"),
        old: try generation.subdirectory("old"),
        hidden: nil
      )
    case .undo:
      return StagingPlace(
        new: try generation.subdirectory("old"),
        old: try generation.subdirectory("trash"),
        hidden: nil
      )
    }
  }

  private static func encode(_ hidden: Hidden?) -> [UInt8] {
    guard let hidden else { return [] }
    var writer = ByteWriter()
    writer.timestamp(hidden.rootModified)
    writer.bytes(hidden.name)
    return writer.buffer
  }

  static func decode(_ bytes: [UInt8]) -> Hidden? {
    var reader = ByteReader(bytes)
    guard !bytes.isEmpty, let time = try? reader.timestamp(), let name = try? reader.bytes(),
      name.starts(with: ChangeLayer.reservedPrefix), !name.contains(UInt8(ascii: "/"))
    else { return nil }
    return Hidden(name: name, rootModified: time)
  }
}
