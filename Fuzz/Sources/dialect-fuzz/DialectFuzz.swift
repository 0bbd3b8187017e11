import DialectMutation
import Dialects
import Foundation
import FuzzDriver

/// Feeds mutated bodies and streams to the dialects.
///
/// `dialect-fuzz FOLDER [MODE…] [--count N] [--seed N] [--first N] [--show]`, the folder being
/// `Tests/DialectsTests/Golden`; without modes: all of them.
@main
struct DialectFuzz {
  enum Mode: String, CaseIterable {
    case json, sse, request, answer, stream, tap

    var folder: String {
      switch self {
      case .json, .request: "requests"
      case .answer: "answers"
      case .sse, .stream, .tap: "streams"
      }
    }
  }

  let folder: String
  let driver: FuzzDriver

  static func main() {
    let arguments = FuzzArguments(CommandLine.arguments.dropFirst())
    guard let folder = arguments.words.last(where: { Mode(rawValue: $0) == nil }) else {
      print("modes: \(Mode.allCases.map(\.rawValue).joined(separator: " "))")
      exit(64)
    }
    let driver = FuzzDriver(arguments) { String(decoding: $0, as: UTF8.self) }
    let fuzz = DialectFuzz(folder: folder, driver: driver)
    let modes = arguments.words.compactMap(Mode.init)
    for mode in modes.isEmpty ? Mode.allCases : modes { fuzz.run(mode) }
  }

  private func run(_ mode: Mode) {
    let seeds = seeds(mode.folder)
    guard !seeds.isEmpty else {
      print("\(mode.rawValue): no seeds in \(folder)/\(mode.folder)")
      exit(66)
    }
    driver.run(mode.rawValue) { seed in
      var mutator = WireMutator(seed: seed)
      let (dialect, bytes) = seeds[mutator.below(seeds.count)]
      let input = mutator.mutated(bytes, with: seeds[mutator.below(seeds.count)].1)
      return FuzzDriver.Trial(input, label: dialect.rawValue) {
        FuzzDriver.Verdict(judge(mode, input, dialect, &mutator))
      }
    }
  }

  private func judge(
    _ mode: Mode,
    _ input: [UInt8],
    _ dialect: Dialect,
    _ mutator: inout WireMutator
  ) -> WireJudge.Verdict {
    switch mode {
    case .json: return WireJudge.json(input)
    case .request: return WireJudge.request(input, dialect)
    case .answer: return WireJudge.answer(input, dialect)
    case .sse: return WireJudge.split(input, dialect.framing, piece: 1 + mutator.below(40))
    case .tap:
      let hides = mutator.below(2) == 0
      return WireJudge.tap(input, dialect, hidesUsage: hides, piece: 1 + mutator.below(40))
    case .stream:
      let client = WireJudge.clients[mutator.below(WireJudge.clients.count)]
      return WireJudge.stream(input, dialect, client, piece: 1 + mutator.below(40))
    }
  }

  /// The inputs of the golden files, with the dialect that their folder names.
  private func seeds(_ name: String) -> [(Dialect, [UInt8])] {
    var seeds: [(Dialect, [UInt8])] = []
    for dialect in Dialect.allCases {
      let path = "\(folder)/\(name)/\(dialect.rawValue)"
      let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      for file in files.sorted() where !file.hasSuffix(".txt") {
        guard let data = FileManager.default.contents(atPath: "\(path)/\(file)") else { continue }
        seeds.append((dialect, Array(data)))
      }
    }
    return seeds
  }
}

extension FuzzDriver.Verdict {
  /// The judge's own word for it: the judge belongs to the tests, which know no fuzzer.
  fileprivate init(_ verdict: WireJudge.Verdict) {
    switch verdict {
    case .refused: self = .refused
    case .taken: self = .taken
    case .broken(let rule): self = .broken(rule)
    }
  }
}
