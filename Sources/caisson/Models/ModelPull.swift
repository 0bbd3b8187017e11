import CLinux
import Crypto
import Foundation
import Glibc
import SystemPackage

/// Fetches a model's file into the store: by curl, in a sealed run that reaches the source alone and
/// writes nothing but to this process.
///
/// What has come lies in a file of the address's own until all of it has, and was checked; whatever
/// breaks the fetching, the same command goes on from there. Two do not fetch the same at a time: a lock
/// is held by this process and by the run that it started, so that a run whose starter was killed is
/// found, and ended.
struct ModelPull {
  let store: ModelStore
  let source: ModelSource
  /// The hash that the file must have.
  let sha256: String?
  /// The bytes that the file must have, where they are known.
  let size: Int?

  private static let mostAttempts = 5

  private var key: String {
    let digest = SHA256.hash(data: Data(source.address.utf8))
    return digest.prefix(8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
  private var part: FilePath { store.parts.appending("\(key).gguf") }
  private var policy: FilePath { store.parts.appending("\(key).yaml") }

  /// Fetches, checks, and gives the model; what fails leaves what has come for the next time.
  func run(name: String) throws -> LocalModel {
    try store.prepare()
    let lock = try PullLock(store.parts.appending("\(key).lock"))
    defer { lock.release() }
    try Data(source.policyText.utf8).write(to: URL(filePath: policy.string), options: .atomic)
    try makeSureOfRoom()
    if size == nil || size != received { try fetch(lock) }
    let digest = try check()
    let facts = try facts()
    let file = store.files.appending("\(name).gguf")
    guard Glibc.rename(part.string, file.string) == 0 else {
      throw ModelStoreError.unwritable(file.string, reason: String(cString: strerror(errno)))
    }
    let model = LocalModel(
      name: name,
      file: file.string,
      origin: .pulled,
      source: source.address,
      sha256: digest,
      taken: Int(time(nil)),
      facts: facts.moved(to: file.string)
    )
    try store.add(model)
    _ = unlink(policy.string)
    return model
  }

  /// Refuses to begin what the disk cannot hold.
  private func makeSureOfRoom() throws {
    var facts = statvfs()
    guard let size, statvfs(store.parts.string, &facts) == 0 else { return }
    let free = UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize))
    let missing = UInt64(max(0, size - received))
    guard !free.overflow, free.partialValue < missing else { return }
    throw ModelStoreError.failed(
      "\(ModelSize.text(Int(missing))) are to come from \(source.host), and the disk has room for "
        + "\(ModelSize.text(Int(free.partialValue))), in \(store.parts): make room\(kept)"
    )
  }

  /// Asks until all has come, as long as something comes.
  private func fetch(_ lock: PullLock) throws {
    let file = open(part.string, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw ModelStoreError.unwritable(part.string, reason: String(cString: strerror(errno)))
    }
    defer { close(file) }
    var attempt = 1
    while true {
      let before = received
      let fetching = try Fetching(
        arguments: ["run", "--quiet", "--policy", policy.string, "--", "curl", "--config", "-"],
        told: source.told(without: before),
        lock: lock
      )
      let end = try fetching.wait(into: file) { ModelProgress.show("fetched", received, of: size) }
      ModelProgress.clear()
      switch end {
      case .exited(0, _): return
      // All of it had come already: there is nothing after its end.
      case .exited(22, let said) where said.contains("416") && before > 0: return
      // The server cannot go on where we were.
      case .exited(33, _) where before > 0:
        complain("the server gives whole files only: beginning again")
        guard ftruncate(file, 0) == 0 else { throw failure(end) }
        attempt += 1
        guard attempt <= Self.mostAttempts else { throw failure(end) }
      case .exited(let status, _) where [7, 18, 28, 35, 52, 56, 92].contains(status):
        attempt = received > before ? 1 : attempt + 1
        guard attempt <= Self.mostAttempts else { throw failure(end) }
      case .exited, .ended, .unwritable: throw failure(end)
      }
    }
  }

  private func failure(_ end: Fetching.End) -> ModelStoreError {
    switch end {
    case .unwritable(ENOSPC), .unwritable(EDQUOT):
      return .failed("the disk is full, in \(store.parts): make room\(kept)")
    case .unwritable(let code):
      return .failed("cannot write \(part): \(String(cString: strerror(code)))\(kept)")
    case .ended: return .failed("fetching from \(source.host) was ended\(kept)")
    case .exited(_, let said):
      let reason = said.split(separator: "\n").last.map(String.init) ?? "curl said nothing"
      let what = size.map { " \(ModelSize.text($0))" } ?? ""
      return .failed("fetching\(what) from \(source.host) failed: \(reason)\(kept)")
    }
  }

  /// What is said of a part of the file, so that nobody thinks it lost.
  private var kept: String {
    let received = received
    guard received > 0 else { return "" }
    return "; \(ModelSize.text(received)) have come and are kept: run it again to go on"
  }

  private var received: Int { (try? part.stat()).map { Int($0.size) } ?? 0 }

  /// The file's hash, after it was held against the one that was named. A file that is not what was
  /// meant is not kept.
  private func check() throws -> String {
    let digest = try ModelStore.digest(of: part.string)
    guard let sha256, sha256 != digest else { return digest }
    _ = unlink(part.string)
    throw ModelStoreError.failed(
      "what came is not what was named: its SHA-256 is \(digest), not \(sha256); it was removed"
    )
  }

  private func facts() throws -> ModelFacts {
    do {
      return try ModelFacts.read(part.string, checked: true)
    } catch {
      _ = unlink(part.string)
      throw ModelStoreError.failed("what came is no model, and was removed: \(error)")
    }
  }
}

extension ModelFacts {
  fileprivate func moved(to file: String) -> ModelFacts {
    ModelFacts(
      architecture: architecture,
      title: title,
      licence: licence,
      parameters: parameters,
      quantisation: quantisation,
      context: context,
      layers: layers,
      width: width,
      vocabulary: vocabulary,
      tokenizer: tokenizer,
      template: template,
      tools: tools,
      thinks: thinks,
      embeds: embeds,
      size: size,
      files: [file]
    )
  }
}
