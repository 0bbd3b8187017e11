import CAllocations
import FuzzDriver
import Glibc
import Inference
import ModelMutation

/// Feeds mutated models to their readers.
///
/// `model-fuzz [MODE…] [--count N] [--seed N] [--first N] [--show]`; without modes: all of them.
@main
struct ModelFuzz {
  enum Mode: String, CaseIterable {
    case gguf, shards, safetensors
  }

  /// What a reader may hold at once: some, and some times as much as its file is long.
  static let allowance = (bytes: 1 << 15, times: 8)
  /// Of processor time, for one file; a hang is ended by the driver.
  static let slowest = 0.5

  let memories = (0..<5).map { _ in GuardedMemory() }
  var most = (bytes: 0, size: 0)
  /// Bytes held for each byte of file, where that is long enough to matter.
  var steepest = 0.0
  var longest = 0.0

  static func main() {
    let arguments = FuzzArguments(CommandLine.arguments.dropFirst())
    let modes = arguments.words.compactMap(Mode.init)
    guard modes.count == arguments.words.count else {
      print("modes: \(Mode.allCases.map(\.rawValue).joined(separator: " "))")
      exit(64)
    }
    let driver = FuzzDriver(arguments) { bytes in
      bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    // Tables that are made at their first use are no file's doing.
    for seed in GGUFWriter.seeds { _ = ModelJudge.gguf([MappedFile(bytes: seed.bytes)]) }
    for mode in modes.isEmpty ? Mode.allCases : modes {
      var fuzz = ModelFuzz()
      driver.run(mode.rawValue) { seed in
        let files = mode.files(seed)
        // An array of the joined sequence would be copied a byte at a time.
        return FuzzDriver.Trial(files.count == 1 ? files[0] : files.reduce(into: [], +=)) {
          fuzz.judge(mode, files)
        }
      }
      print(
        "\(mode.rawValue): at most \(fuzz.most.bytes) bytes were held, for \(fuzz.most.size) bytes of"
          + " file; \(fuzz.steepest) for each of a file from 16 KiB on; \(fuzz.longest) s taken"
      )
    }
  }

  private mutating func judge(_ mode: Mode, _ files: [[UInt8]]) -> FuzzDriver.Verdict {
    let mapped = zip(memories, files).map { $0.file($1) }
    let size = mapped.reduce(0) { $0 + $1.bytes.count }
    let before = fuzz_allocated()
    fuzz_allocated_restart()
    let start = Self.seconds()
    let verdict = mode == .safetensors ? ModelJudge.safetensors(mapped[0]) : ModelJudge.gguf(mapped)
    let seconds = Self.seconds() - start
    let held = fuzz_allocated_peak() - before
    if held > most.bytes { most = (held, size) }
    if size >= 1 << 14 { steepest = max(steepest, Double(held) / Double(size)) }
    longest = max(longest, seconds)
    if held > Self.allowance.bytes + Self.allowance.times * size {
      return .broken("\(held) bytes were held for \(size) bytes of file")
    }
    if seconds > Self.slowest {
      return .broken("\(seconds) s were taken for \(size) bytes of file")
    }
    return FuzzDriver.Verdict(verdict)
  }

  /// Processor time of this thread, so that a busy machine slows nothing down.
  private static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

extension ModelFuzz.Mode {
  /// The files of an input: one, or those of a model that has several.
  fileprivate func files(_ seed: UInt64) -> [[UInt8]] {
    var mutator = ModelMutator(seed: seed)
    return switch self {
    case .gguf: [mutator.file()]
    case .shards: mutator.shards()
    case .safetensors: [mutator.safetensors()]
    }
  }
}

extension FuzzDriver.Verdict {
  /// The judge's own word for it: the judge belongs to the tests, which know no fuzzer.
  fileprivate init(_ verdict: ModelJudge.Verdict) {
    switch verdict {
    case .refused: self = .refused
    case .taken: self = .taken
    case .broken(let rule): self = .broken(rule)
    }
  }
}
