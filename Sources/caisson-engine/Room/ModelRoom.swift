import Dialects
import Inference

/// The models in memory: loaded when they are first asked for, unloaded when they have not been used for
/// as long as was said, or when another needs their room.
///
/// A model that is answering is never unloaded. What does not fit beside those that are in use is
/// refused with the sizes; nothing is loaded in the hope that it will do.
actor ModelRoom {
  /// A model that somebody uses, until it is given back.
  struct Loan: Sendable {
    let model: Loaded
    /// Seconds that loading took; zero where it was there already.
    let loading: Double
  }

  /// What `ps` shows of a model.
  struct Resident: Sendable {
    let settings: EngineSetup.Model
    let model: Loaded
    let size: Int
    /// Seconds until it goes; nil where it stays, or is in use.
    let left: Double?
    let isUsed: Bool
  }

  private enum State {
    case loading(Task<Loaded, any Error>)
    case loaded(Loaded)
  }

  private struct Entry {
    let settings: EngineSetup.Model
    var state: State
    /// Nothing, until it is known.
    var size = 0
    var context: Int
    var users = 1
    var keepAlive: KeepAlive
    var lastUsed = ContinuousClock.now
    var expires: ContinuousClock.Instant?
    var timer: Task<Void, Never>?
  }

  private let setup: EngineSetup
  private let byName: [String: EngineSetup.Model]
  private var entries: [String: Entry] = [:]
  /// Who waits until nobody uses a model, so that it can be loaded with a longer window.
  private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]

  init(_ setup: EngineSetup) {
    self.setup = setup
    var byName: [String: EngineSetup.Model] = [:]
    for model in setup.models {
      for name in [model.name] + model.aliases { byName[name] = model }
    }
    self.byName = byName
  }

  // MARK: Names

  nonisolated var models: [EngineSetup.Model] { setup.models }

  nonisolated func settings(_ name: String) throws(ProviderError) -> EngineSetup.Model {
    var plain = name.lowercased()[...]
    if plain.hasPrefix("local/") { plain = plain.dropFirst("local/".count) }
    if let model = byName[String(plain)] { return model }
    if plain.hasSuffix(":latest"), let model = byName[String(plain.dropLast(":latest".count))] {
      return model
    }
    throw ProviderError(
      .notFound,
      "the engine has no model '\(name)'; see: caisson models list --local"
    )
  }

  // MARK: Using a model

  /// The model, loaded if need be. Whoever gets it gives it back.
  func borrow(_ settings: EngineSetup.Model, context: Int?) async throws(ProviderError) -> Loan {
    try await makeWay(for: settings, context: context)
    let began = ContinuousClock.now
    if var entry = entries[settings.name] {
      guard entry.users < setup.parallel + setup.queue else { throw Self.full(entry) }
      entry.users += 1
      entry.timer?.cancel()
      entry.timer = nil
      entry.expires = nil
      entries[settings.name] = entry
      guard case .loading(let task) = entry.state else {
        guard case .loaded(let model) = entry.state else {
          throw ProviderError(.server, "no model")
        }
        return Loan(model: model, loading: 0)
      }
      return Loan(model: try await finish(task, settings), loading: Self.seconds(since: began))
    }
    let setup = setup
    let task = Task.detached { () throws -> Loaded in
      if ModelFacts.isSentences(settings.files) {
        let size = try ModelFacts(sentences: settings.files).size + SentenceModel.work
        try await self.makeRoom(for: settings.name, size, context: SentenceModel.limit)
        return .sentences(try SentenceModel(settings))
      }
      let opened = try LoadedModel.open(settings, setup, context: context)
      let (size, length) = (opened.plan.total, opened.contextLength)
      try await self.makeRoom(for: settings.name, size, context: length)
      return .text(try LoadedModel(opened))
    }
    entries[settings.name] = Entry(
      settings: settings,
      state: .loading(task),
      context: context ?? setup.context,
      keepAlive: .seconds(setup.keepAlive)
    )
    return Loan(model: try await finish(task, settings), loading: Self.seconds(since: began))
  }

  private func finish(
    _ task: Task<Loaded, any Error>,
    _ settings: EngineSetup.Model
  ) async throws(ProviderError) -> Loaded {
    do {
      let model = try await task.value
      if case .loading = entries[settings.name]?.state {
        entries[settings.name]?.state = .loaded(model)
      }
      return model
    } catch {
      // All who waited for it fail with it; the last of them finds nothing any more.
      if case .loading(let other) = entries[settings.name]?.state, other == task {
        entries[settings.name] = nil
        wake(settings.name)
      }
      throw error as? ProviderError ?? ProviderError(.server, "\(error)")
    }
  }

  /// One user less; the last one says how long the model stays.
  func giveBack(_ model: Loaded, keepAlive: KeepAlive?) {
    guard var entry = entries[model.name], case .loaded(let resident) = entry.state,
      resident.isSame(as: model)
    else { return }
    entry.users -= 1
    entry.lastUsed = ContinuousClock.now
    if let keepAlive { entry.keepAlive = keepAlive }
    entries[model.name] = entry
    guard entry.users == 0 else { return }
    wake(model.name)
    schedule(model.name)
  }

  /// Unloads a model that nobody uses; one that is in use goes when it was given back.
  func unload(_ settings: EngineSetup.Model) {
    guard let entry = entries[settings.name] else { return }
    entries[settings.name]?.keepAlive = .seconds(0)
    if entry.users == 0 { drop(settings.name) }
  }

  func residents() -> [Resident] {
    entries.values.compactMap { entry in
      guard case .loaded(let model) = entry.state else { return nil }
      let left = entry.expires.map { Double(($0 - ContinuousClock.now).components.seconds) }
      return Resident(
        settings: entry.settings,
        model: model,
        size: entry.size,
        left: left,
        isUsed: entry.users > 0
      )
    }.sorted { $0.settings.name < $1.settings.name }
  }

  // MARK: Time

  private func schedule(_ name: String) {
    guard let entry = entries[name], case .seconds(let seconds) = entry.keepAlive else { return }
    if seconds == 0 { return drop(name) }
    let expires = ContinuousClock.now + .milliseconds(Int64(seconds * 1000))
    entries[name]?.expires = expires
    // Cancelled when the model is used again, or goes.
    entries[name]?.timer = Task {
      try? await Task.sleep(until: expires)
      if !Task.isCancelled { self.expire(name, expires) }
    }
  }

  private func expire(_ name: String, _ moment: ContinuousClock.Instant) {
    guard let entry = entries[name], entry.users == 0, entry.expires == moment else { return }
    drop(name)
  }

  private func drop(_ name: String) {
    guard let entry = entries.removeValue(forKey: name) else { return }
    entry.timer?.cancel()
    // Its end waits for its threads: not here, where others wait.
    Task.detached { withExtendedLifetime(entry) {} }
  }

  // MARK: Room

  /// Waits until nobody uses a model whose window is shorter than the one that is asked for.
  private func makeWay(
    for settings: EngineSetup.Model,
    context: Int?
  ) async throws(ProviderError) {
    while let context, let entry = entries[settings.name], entry.context < context {
      if entry.users == 0 {
        drop(settings.name)
        return
      }
      guard waiting[settings.name, default: []].count < setup.queue else { throw Self.full(entry) }
      await withCheckedContinuation { waiting[settings.name, default: []].append($0) }
    }
  }

  private func wake(_ name: String) {
    for waiter in waiting.removeValue(forKey: name) ?? [] { waiter.resume() }
  }

  /// Unloads what nobody uses, the least recently used first, until there is room.
  private func makeRoom(
    for name: String,
    _ needed: Int,
    context: Int
  ) throws(ProviderError) {
    guard needed <= setup.memory else {
      throw ProviderError(
        .invalidRequest,
        "the model '\(name)' needs \(Self.size(needed)) with a window of \(context) "
          + "tokens, and models may take \(Self.size(setup.memory)); raise engine.memory in "
          + "gateway.yaml, or ask for a shorter window with num_ctx"
      )
    }
    var used = entries.values.reduce(0) { $0 + $1.size }
    let idle = entries.values.filter { $0.users == 0 }.sorted { $0.lastUsed < $1.lastUsed }
    var leaving: [String] = []
    for entry in idle where used + needed > setup.memory {
      leaving.append(entry.settings.name)
      used -= entry.size
    }
    guard used + needed <= setup.memory else {
      let busy = entries.values.filter { $0.users > 0 && $0.settings.name != name }
        .map { "'\($0.settings.name)' (\(Self.size($0.size)))" }.sorted()
      var error = ProviderError(
        .overloaded,
        "the model '\(name)' needs \(Self.size(needed)), and models may take "
          + "\(Self.size(setup.memory)), of which \(busy.joined(separator: ", ")) in use take "
          + Self.size(used)
      )
      error.retryAfter = 5
      throw error
    }
    for name in leaving { drop(name) }
    entries[name]?.size = needed
    entries[name]?.context = context
  }

  private static func full(_ entry: Entry) -> ProviderError {
    var error = ProviderError(
      .overloaded,
      "the model '\(entry.settings.name)' has \(entry.users) requests in hand, and takes no more; "
        + "ask again when some have ended"
    )
    error.retryAfter = 1
    return error
  }

  /// Bytes in words.
  private static func size(_ bytes: Int) -> String {
    bytes >= 10_000_000_000 ? "\(bytes / 1_000_000_000) GB" : "\(bytes / 1_000_000) MB"
  }

  private static func seconds(since moment: ContinuousClock.Instant) -> Double {
    (ContinuousClock.now - moment).inSeconds
  }
}

extension Duration {
  var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
