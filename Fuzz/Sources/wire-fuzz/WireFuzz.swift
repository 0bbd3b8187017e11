import FuzzDriver
import Glibc

/// Feeds mutated messages to the readers of what comes off the wire.
///
/// `wire-fuzz [READER…] [--count N] [--seed N] [--first N] [--show]`; without readers: all of them.
@main
enum WireFuzz {
  static func main() {
    let arguments = FuzzArguments(CommandLine.arguments.dropFirst())
    let readers = Reader.all.filter { arguments.words.contains($0.name) }
    guard readers.count == Set(arguments.words).count else {
      print("readers: \(Reader.all.map(\.name).joined(separator: " "))")
      exit(64)
    }
    let driver = FuzzDriver(arguments) { "\($0)" }
    for reader in readers.isEmpty ? Reader.all : readers {
      driver.run(reader.name) { seed in
        var random = SplitMix(seed: seed)
        let input = random.mutated(reader.seeds[random.below(reader.seeds.count)])
        return FuzzDriver.Trial(input) { reader.read(input, &random) }
      }
    }
  }
}
