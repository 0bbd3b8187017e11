import Foundation
import Glibc
import NIOCore
import Policy

/// Feeds mutated messages to the readers of what comes off the wire until one traps, hangs or breaks
/// its rule, or the count is reached.
///
/// `wire-fuzz [READER…] [--count N] [--seed N] [--first N] [--show]`; without readers: all of them.
@main
struct WireFuzz {
  var readers: [Reader] = []
  var count: UInt64 = 100_000
  var seed: UInt64 = 1
  var first: UInt64 = 0
  var shows = false

  static func main() {
    var fuzz = WireFuzz()
    var arguments = CommandLine.arguments.dropFirst()
    while let argument = arguments.popFirst() {
      switch argument {
      case "--count": fuzz.count = arguments.popFirst().flatMap { UInt64($0) } ?? fuzz.count
      case "--seed": fuzz.seed = arguments.popFirst().flatMap { UInt64($0) } ?? fuzz.seed
      case "--first": fuzz.first = arguments.popFirst().flatMap { UInt64($0) } ?? fuzz.first
      case "--show": fuzz.shows = true
      default:
        guard let reader = Reader.all.first(where: { $0.name == argument }) else {
          print("readers: \(Reader.all.map(\.name).joined(separator: " "))")
          exit(64)
        }
        fuzz.readers.append(reader)
      }
    }
    if fuzz.readers.isEmpty { fuzz.readers = Reader.all }
    for reader in fuzz.readers { fuzz.run(reader) }
  }

  private func run(_ reader: Reader) {
    let clock = ContinuousClock()
    let start = clock.now
    var taken: UInt64 = 0
    for index in first..<(first + count) {
      // The number of the input at hand stands in the message of whatever ends this.
      if index % 1024 == 0 { alarm(10) }
      var random = SplitMix(seed: seed &* 0x9E37_79B9 &+ index)
      let input = random.mutated(reader.seeds[random.below(reader.seeds.count)])
      if shows { print(index, input) }
      switch reader.read(input, &random) {
      case .refused: break
      case .taken: taken += 1
      case .broken(let rule):
        print("\(reader.name): input \(index) of seed \(seed): \(rule)\n\(input)")
        exit(1)
      }
    }
    let seconds = (clock.now - start).components.seconds
    print("\(reader.name): \(count) inputs of seed \(seed) in \(seconds) s,", terminator: " ")
    print("\(taken) taken, no finding")
    fflush(nil)
  }
}
