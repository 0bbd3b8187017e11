import Policy

/// Looks in the pack of a push for the commits that lead from what a branch shall be back to what it
/// was.
///
/// What is found holds whatever the pack says of itself: an id is the hash of its commit, and the
/// commit names its parents. Git writes commits first, so that the beginning of a pack is enough.
struct PackAncestry: Sendable {
  enum Progress: Hashable, Sendable {
    case more
    /// Every branch keeps what it held. The rest of the pack is not looked at.
    case proven
    /// Of this one it cannot be told.
    case unproven(RefUpdate, doubt: String)
    case malformed(RequestProblem)
  }

  /// Bounds on one push.
  static let mostUpdates = 32
  static let mostSteps = 250_000

  /// The way back from a branch's new tip, as far as it was found.
  private struct Search {
    let update: RefUpdate
    let old: ObjectID
    let new: ObjectID
    var reached: Set<ObjectID>
    var isDone = false
  }

  private let shallow: Set<ObjectID>
  private var pack: PackReader
  private var searches: [Search] = []
  private var parents: [ObjectID: [ObjectID]] = [:]
  private var steps = 0
  private var progress: Progress = .more

  /// - Parameters:
  ///   - updates: of branches; neither made nor deleted.
  ///   - shallow: commits that the server shall take without their parents: no way leads through.
  ///   - digest: SHA-1, or SHA-256 where ids are that long.
  init(
    _ updates: [RefUpdate],
    shallow: Set<String>,
    bounds: PackReader.Bounds = .init(),
    digest: @escaping @Sendable ([UInt8]) -> [UInt8]
  ) {
    self.shallow = Set(shallow.compactMap { ObjectID(hexadecimal: Array($0.utf8)[...]) })
    pack = PackReader(
      idLength: (updates.first?.old.utf8.count ?? 40) / 2,
      bounds: bounds,
      digest: digest
    )
    for update in updates {
      guard searches.count < Self.mostUpdates,
        let old = ObjectID(hexadecimal: Array(update.old.utf8)[...]),
        let new = ObjectID(hexadecimal: Array(update.new.utf8)[...]), new.length == pack.idLength
      else {
        let doubt = "of no more than \(Self.mostUpdates) branches a push is looked into"
        progress = .unproven(update, doubt: doubt)
        return
      }
      searches.append(Search(update: update, old: old, new: new, reached: [new]))
    }
  }

  /// Takes the next bytes of what follows the commands of the push.
  mutating func read(_ bytes: [UInt8]) -> Progress {
    guard progress == .more else { return progress }
    pack.add(bytes)
    do throws(PackProblem) {
      while progress == .more {
        switch try pack.next() {
        case .more: return .more
        case .end: giveUp()
        case .commit(let id, let content):
          try connect(id, CommitText.parents(content, idLength: id.length))
          if searches.allSatisfy(\.isDone) { progress = .proven }
        }
      }
    } catch {
      refuse(error)
    }
    return progress
  }

  /// There is no more of the push, or more than is looked at.
  ///
  /// - Parameter bound: which, in the latter case.
  mutating func end(bound: String? = nil) -> Progress {
    guard progress == .more else { return progress }
    if let bound {
      refuse(.bound(bound))
    } else if pack.isUntouched {
      giveUp()
    } else {
      refuse(.malformed("it ends early"))
    }
    return progress
  }

  private mutating func connect(
    _ id: ObjectID,
    _ named: [ObjectID]
  ) throws(PackProblem) {
    let named = shallow.contains(id) ? [] : named
    parents[id] = named
    for place in searches.indices where !searches[place].isDone {
      guard searches[place].reached.contains(id) else { continue }
      var next = [id]
      while let commit = next.popLast(), !searches[place].isDone {
        for parent in parents[commit] ?? [] {
          steps += 1
          guard steps <= Self.mostSteps else {
            throw .bound("it has more commits than are looked at")
          }
          if parent == searches[place].old { searches[place].isDone = true }
          if searches[place].reached.insert(parent).inserted, parents[parent] != nil {
            next.append(parent)
          }
        }
      }
    }
  }

  // MARK: Refusing

  private mutating func giveUp() {
    guard let search = searches.first(where: { !$0.isDone }) else { return progress = .proven }
    progress = .unproven(
      search.update,
      doubt: parents[search.new] == nil
        ? "the commit that it shall be at does not come with the push"
        : "the commits that come with the push do not lead back to them"
    )
  }

  private mutating func refuse(_ problem: PackProblem) {
    switch problem {
    case .malformed(let reason):
      progress = .malformed(RequestProblem("the pack of the push is malformed: \(reason)"))
    case .bound(let reason):
      guard let search = searches.first(where: { !$0.isDone }) else { return progress = .proven }
      let doubt = "the beginning of its pack does not show that it keeps them, and \(reason)"
      progress = .unproven(search.update, doubt: doubt)
    }
  }
}
