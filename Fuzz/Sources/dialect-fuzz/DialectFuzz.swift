import DialectMutation
import Dialects
import Foundation
import Glibc

/// Feeds mutated bodies and streams to the dialects until one traps, hangs or breaks a rule, or the
/// count is reached.
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

  var modes: [Mode] = []
  var folder = ""
  var count: UInt64 = 100_000
  var seed: UInt64 = 1
  var first: UInt64 = 0
  var shows = false

  static func main() {
    var fuzz = DialectFuzz()
    var arguments = CommandLine.arguments.dropFirst()
    while let argument = arguments.popFirst() {
      switch argument {
      case "--count": fuzz.count = arguments.popFirst().flatMap { UInt64($0) } ?? fuzz.count
      case "--seed": fuzz.seed = arguments.popFirst().flatMap { UInt64($0) } ?? fuzz.seed
      case "--first": fuzz.first = arguments.popFirst().flatMap { UInt64($0) } ?? fuzz.first
      case "--show": fuzz.shows = true
      default:
        if let mode = Mode(rawValue: argument) {
          fuzz.modes.append(mode)
        } else {
          fuzz.folder = argument
        }
      }
    }
    guard !fuzz.folder.isEmpty else {
      print("modes: \(Mode.allCases.map(\.rawValue).joined(separator: " "))")
      exit(64)
    }
    for mode in fuzz.modes.isEmpty ? Mode.allCases : fuzz.modes { fuzz.run(mode) }
  }

  private func run(_ mode: Mode) {
    let seeds = seeds(mode.folder)
    guard !seeds.isEmpty else {
      print("\(mode.rawValue): no seeds in \(folder)/\(mode.folder)")
      exit(66)
    }
    let clock = ContinuousClock()
    let start = clock.now
    var taken: UInt64 = 0
    for index in first..<(first + count) {
      if index % 1024 == 0 { alarm(10) }
      var mutator = WireMutator(seed: seed &* 0x9E37_79B9 &+ index)
      let (dialect, bytes) = seeds[mutator.below(seeds.count)]
      let input = mutator.mutated(bytes, with: seeds[mutator.below(seeds.count)].1)
      if shows { print(index, dialect.rawValue, String(decoding: input, as: UTF8.self)) }
      switch judge(mode, input, dialect, &mutator) {
      case .refused: break
      case .taken: taken += 1
      case .broken(let rule):
        print("\(mode.rawValue): input \(index) of seed \(seed): \(rule)")
        print(String(decoding: input, as: UTF8.self))
        exit(1)
      }
    }
    alarm(0)
    let seconds = (clock.now - start).components.seconds
    print("\(mode.rawValue): \(count) inputs of seed \(seed) in \(seconds) s,", terminator: " ")
    print("\(taken) taken, no finding")
    fflush(nil)
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
