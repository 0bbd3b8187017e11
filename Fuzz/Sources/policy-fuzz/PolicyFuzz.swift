import Foundation
import Glibc
import PolicyMutation

/// Feeds mutated policies to the reader until it traps, hangs, or the count is reached.
///
/// `policy-fuzz CORPUS [--count N] [--seed N] [--first N] [--show] [--journal FILE]`
/// `policy-fuzz --subject requests|git|imports …` feeds the parsers of the network instead, and needs
/// no corpus.
///
/// The number of the input at hand is kept in the journal file, so that after a trap
/// `--first N --count 1 --show` shows what it was. An input that takes ten seconds ends the process.
@main
struct PolicyFuzz {
  var corpus = ""
  var count: UInt64 = 100_000
  var seed: UInt64 = 1
  var first: UInt64 = 0
  var shows = false
  var subject: NetworkJudge.Subject?
  var journal = "policy-fuzz.position"

  static func main() throws {
    var fuzz = PolicyFuzz()
    var arguments = CommandLine.arguments.dropFirst()
    while let argument = arguments.popFirst() {
      switch argument {
      case "--count": fuzz.count = arguments.popFirst().flatMap { UInt64($0) } ?? fuzz.count
      case "--seed": fuzz.seed = arguments.popFirst().flatMap { UInt64($0) } ?? fuzz.seed
      case "--first": fuzz.first = arguments.popFirst().flatMap { UInt64($0) } ?? fuzz.first
      case "--journal": fuzz.journal = arguments.popFirst() ?? fuzz.journal
      case "--subject": fuzz.subject = arguments.popFirst().flatMap(NetworkJudge.Subject.init)
      case "--show": fuzz.shows = true
      default: fuzz.corpus = argument
      }
    }
    exit(try fuzz.run() ? 0 : 1)
  }

  private func run() throws -> Bool {
    let mutator = Mutator(corpus: subject == nil ? try texts() : [])
    let position = open(journal, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer { close(position) }
    let clock = ContinuousClock()
    let start = clock.now
    var slowest = Duration.zero
    var slowestIndex = first
    var longest = 0
    var bytes = 0
    for index in first..<(first + count) {
      _ = withUnsafeBytes(of: index) { pwrite(position, $0.baseAddress, $0.count, 0) }
      alarm(10)
      let begun = clock.now
      let (complaint, input) = judge(index, mutator)
      let taken = clock.now - begun
      if taken > slowest { (slowest, slowestIndex) = (taken, index) }
      if shows { print(input) }
      longest = max(longest, input.utf8.count)
      bytes += input.utf8.count
      if let complaint {
        print("input \(index) of seed \(seed): \(complaint)\n\(input)")
        return false
      }
      if (index + 1) % 100_000 == 0 {
        print("\(index + 1) inputs in \(clock.now - start)")
        fflush(nil)
      }
    }
    print(
      """
      \(count) inputs of seed \(seed) in \(clock.now - start): no trap, no hang, no broken rule.
      slowest \(slowest) (input \(slowestIndex)), longest \(longest) bytes, mean \
      \(bytes / Int(max(count, 1))) bytes
      """
    )
    return true
  }

  private func judge(_ index: UInt64, _ mutator: Mutator) -> (complaint: String?, input: String) {
    if let subject { return NetworkJudge.complaint(subject, index, seed: seed) }
    let input = mutator.input(index, seed: seed)
    return (Judge.complaint(about: input), input.debugDescription)
  }

  private func texts() throws -> [String] {
    let root = URL(filePath: corpus)
    let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
    let yaml = (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "yaml" }
    return try yaml.sorted { $0.path < $1.path }.map {
      String(decoding: try Data(contentsOf: $0), as: UTF8.self)
    }
  }
}
