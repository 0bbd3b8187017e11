import Catalogue
import Foundation
import SystemPackage

/// What `caisson-engine` is told, by the names that it reads.
struct EngineSetup: Encodable {
  struct Model: Encodable {
    let name: String
    let aliases: [String]
    let files: [String]
    let mayBeLink: Bool
    let temperature: Double?
  }

  let models: [Model]
  let memory: Int
  let keepAlive: Double
  let threads: Int
  let context: Int
  let parallel: Int
  let queue: Int
  let cache: String

  init(_ models: [LocalModel], _ settings: EngineSettings, cache: FilePath) {
    self.models = models.map {
      // So small a model soon loses itself where it is left to chance.
      let temperature = $0.name == LocalModel.defaultName ? 0.0 : nil
      return Model(
        name: $0.name,
        aliases: $0.aliases,
        files: $0.facts.files,
        // That of others was no link when they were taken.
        mayBeLink: $0.origin == .own,
        temperature: temperature
      )
    }
    memory = settings.memory.map { Int(clamping: $0) } ?? Self.machineMemory() / 4 * 3
    let parts = settings.keepAlive.components
    keepAlive = Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
    threads = settings.threads ?? max(1, ProcessInfo.processInfo.activeProcessorCount)
    context = settings.context
    parallel = settings.parallel
    queue = settings.queue
    self.cache = cache.string
  }

  /// Bytes of this machine, or of the part of it that a control group leaves.
  private static func machineMemory() -> Int {
    let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    let bounds = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
      .compactMap { try? String(contentsOfFile: $0, encoding: .utf8) }
      .compactMap { Int($0.filter(\.isNumber)) }
    return bounds.reduce(machine) { min($0, max($1, 1 << 28)) }
  }
}
