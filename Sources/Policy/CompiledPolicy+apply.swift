extension CompiledPolicy {
  /// Whether a change at this path of the workspace may be applied.
  ///
  /// - Parameters:
  ///   - relativePath: Bytes below the workspace, separated by slashes, without a leading one.
  ///   - kind: What the change leaves there; for a deletion, what stood there.
  package func decideApply(
    relativePath: [UInt8],
    kind: EntryKind = .other
  ) -> ApplyDecision {
    let components = relativePath.split(separator: 0x2F, omittingEmptySubsequences: false)
    let isWell = components.allSatisfy {
      !$0.isEmpty && !$0.elementsEqual([0x2E]) && !$0.elementsEqual([0x2E, 0x2E])
    }
    guard isWell, !relativePath.contains(0) else {
      return .deny(rule: BuiltInRule.malformed.name, remedy: nil)
    }
    guard let workspace else {
      return .deny(rule: "workspace.mode: none", remedy: "workspace: { mode: overlay }")
    }
    if let decision = deniedByName(components, kind, workspace) { return decision }
    if let match = startUpMatch(components, kind), !isNamed(components, match, workspace) {
      return .hold(
        rule: BuiltInRule.startUpFiles.name,
        remedy: writeRemedy(workspace, components.prefix(match.grantDepth))
      )
    }
    return .allow
  }

  /// The class of start-up files that a path below the workspace belongs to, such as `shells`.
  package func startUpGroup(relativePath: [UInt8], kind: EntryKind = .file) -> String? {
    startUpMatch(relativePath.split(separator: 0x2F), kind)?.group
  }

  private func deniedByName(
    _ components: [ArraySlice<UInt8>],
    _ kind: EntryKind,
    _ workspace: String
  ) -> ApplyDecision? {
    let path = Array(components.joined(separator: [0x2F]))
    var folded: [String]?
    for grant in deny {
      guard let below = PathText.below(workspace, grant.path) else { continue }
      let name = Array(below.utf8)
      if name.isEmpty || isAtOrBelow(path, name) {
        return .deny(rule: grant.description, remedy: remedy(against: grant, list: .write))
      }
      if kind != .directory, isAtOrBelow(name, path) {
        return .deny(rule: grant.description, remedy: remedy(against: grant, list: .write))
      }
      let own = folded ?? components.map(FoldedName.fold)
      folded = own
      if own.starts(with: below.utf8.split(separator: 0x2F).map(FoldedName.fold)) {
        return .hold(
          rule: "\(grant.description), by \(BuiltInRule.caseFolding.name)",
          remedy: remedy(against: grant, list: .write)
        )
      }
    }
    return nil
  }

  private func isAtOrBelow(_ path: [UInt8], _ directory: [UInt8]) -> Bool {
    path.starts(with: directory)
      && (path.count == directory.count || path[directory.count] == 0x2F)
  }

  private func startUpMatch(
    _ components: [ArraySlice<UInt8>],
    _ kind: EntryKind
  ) -> StartUpFiles.Match? {
    if let match = StartUpFiles.match(components.map(FoldedName.fold), kind: kind) { return match }
    // Where a share takes a backslash for a separator, one name becomes a path.
    guard components.contains(where: { $0.contains(0x5C) }) else { return nil }
    let split = components.flatMap { $0.split(separator: 0x5C) }.map(FoldedName.fold)
    guard var match = StartUpFiles.match(split, kind: kind) else { return nil }
    match.anchorDepth = components.count
    match.grantDepth = components.count
    return match
  }

  /// Whether a grant for writing reaches as far as the name that makes the path a start-up file.
  private func isNamed(
    _ components: [ArraySlice<UInt8>],
    _ match: StartUpFiles.Match,
    _ workspace: String
  ) -> Bool {
    write.contains { grant in
      guard let below = PathText.below(workspace, grant.path) else { return false }
      let names = below.utf8.split(separator: 0x2F)
      return names.count >= match.anchorDepth && names.count <= components.count
        && zip(names, components).allSatisfy { $0.elementsEqual($1) }
    }
  }

  private func writeRemedy(
    _ workspace: String,
    _ components: ArraySlice<ArraySlice<UInt8>>
  ) -> String? {
    var path = workspace == "/" ? "" : workspace
    for component in components {
      // A name that is not text cannot be written into a document.
      guard let name = String(validating: component, as: UTF8.self) else { return nil }
      path += "/\(name)"
    }
    return listRemedy(.write, adding: path)
  }
}
