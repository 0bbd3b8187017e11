internal import SystemPackage

/// `apply/` in a run's directory: what was applied, what it replaced, and what is under way.
///
/// Each apply is a generation, `apply/<n>`:
/// - `intent`: work has begun; names the staging directory. Without `plan` it is forgotten.
/// - `plan`: the decision. From here the work is finished, or, with `abort`, taken back.
/// - `old/`: what was replaced or removed; undo needs it.
/// - `done`: the workspace is changed; how each path looked directly afterwards.
/// An undo of the generation uses the same names with `undo-` before them.
final class RunState {
  let record: WorkspaceRecord
  let directory: OpenFile

  static let restoredName = Array("restored".utf8)
  private static let applyName = Array("apply".utf8)

  init(_ record: WorkspaceRecord) throws(WorkspaceError) {
    self.record = record
    let run = try openTree(record.layer, as: "run's directory")
    if try run.status(of: Self.applyName) == nil { try run.makeDirectory(Self.applyName) }
    directory = try run.open(name: Self.applyName, [.read, .directory])
  }

  /// The state of a run of which something was applied; nil where nothing ever was. Makes nothing.
  static func existing(_ record: WorkspaceRecord) throws(WorkspaceError) -> RunState? {
    let run = try openTree(record.layer, as: "run's directory")
    return try run.status(of: applyName) == nil ? nil : RunState(record)
  }

  /// The generations that stand, oldest first.
  func generations() throws(WorkspaceError) -> [Generation] {
    var numbers: [Int] = []
    for name in try directory.names() {
      if let number = Int(String(decoding: name, as: UTF8.self)) { numbers.append(number) }
    }
    var generations: [Generation] = []
    for number in numbers.sorted() {
      generations.append(try Generation(number: number, in: directory))
    }
    return generations
  }

  func newGeneration() throws(WorkspaceError) -> Generation {
    let last = try generations().last?.number ?? 0
    let name = Array(String(last + 1).utf8)
    try directory.makeDirectory(name)
    return try Generation(number: last + 1, in: directory)
  }

  /// What was interrupted, if anything was.
  func unfinished() throws(WorkspaceError) -> (Generation, Transaction.Verb)? {
    for generation in try generations() {
      if try generation.has(.intent, of: .undo) { return (generation, .undo) }
      if try !generation.has(.done, of: .apply) { return (generation, .apply) }
    }
    return nil
  }

  func appliedState() throws(WorkspaceError) -> AppliedState {
    var state = AppliedState()
    if let bytes = try StateFile.read(Self.restoredName, in: directory) {
      let outcome = try decode(bytes, "restored")
      for (path, identity) in outcome.entries {
        if let identity { state.restored[path] = identity }
      }
      state.directories = outcome.directories
    }
    for generation in try generations() {
      guard let bytes = try generation.read(.done, of: .apply) else { continue }
      let outcome = try decode(bytes, "done")
      state.directories.merge(outcome.directories) { $1 }
      let moment = try generation.moment(of: .done, .apply)
      for (path, identity) in outcome.entries {
        state.entries[path] = .some(identity)
        state.moments[path] = moment
      }
    }
    return state
  }

  /// Remembers how paths look that were put back, beside those remembered already.
  func remember(restored outcome: Outcome) throws(WorkspaceError) {
    var all = Outcome()
    if let bytes = try StateFile.read(Self.restoredName, in: directory) {
      all = try decode(bytes, "restored")
    }
    all.entries.merge(outcome.entries) { $1 }
    all.directories.merge(outcome.directories) { $1 }
    try StateFile.write(all.encoded, Self.restoredName, in: directory)
  }

  func decode(_ bytes: [UInt8], _ file: String) throws(WorkspaceError) -> Outcome {
    do throws(ByteReader.Damaged) {
      return try Outcome(encoded: bytes)
    } catch {
      throw .corrupt(file: "\(record.layer)/apply/\(file)", what: error.what)
    }
  }

  func plan(_ bytes: [UInt8]) throws(WorkspaceError) -> Plan {
    do throws(ByteReader.Damaged) {
      return try Plan(encoded: bytes)
    } catch {
      throw .corrupt(file: "\(record.layer)/apply/plan", what: error.what)
    }
  }

  /// Takes the locks of the run and of the workspace, for as long as the value lives.
  func lock() throws(WorkspaceError) -> Locks {
    let run = try directory.open(name: Array("lock".utf8), .ensure)
    guard try run.lock() else { throw .busy("run \(record.run)") }
    let workspace = try openTree(record.lower, as: "workspace")
    guard try workspace.lock() else { throw .busy(record.lower.string) }
    return Locks(run: run, workspace: Directory(workspace))
  }

  struct Locks: ~Copyable {
    let run: OpenFile
    let workspace: Directory
  }

  /// Removes what was given up: finished undos, and applies that were taken back.
  func clean(workspace: Directory) throws(WorkspaceError) {
    for name in try directory.names() where name.ends(with: Generation.forgottenSuffix) {
      let generation = try directory.open(name: name, [.read, .directory])
      if let intent = try StateFile.read(Array("undo-intent".utf8), in: generation),
        let hidden = StagingPlace.decode(intent)
      {
        try TreeRemoval.remove(hidden.name, in: workspace.file)
        if let bytes = try StateFile.read(Array("undo-plan".utf8), in: generation),
          let root = try plan(bytes).directories.first(where: { $0.path.isRoot }),
          let time = root.modifiedAfter
        {
          try workspace.file.setModified(time)
        }
      }
      try TreeRemoval.remove(name, in: directory)
    }
  }
}

extension [UInt8] {
  fileprivate func ends(with suffix: [UInt8]) -> Bool { self.suffix(suffix.count) == suffix[...] }
}
