import Foundation
import FuzzDriver
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
  let arguments = FuzzArguments(
    CommandLine.arguments.dropFirst(),
    options: ["--journal", "--subject"]
  )

  private var subject: NetworkJudge.Subject? {
    arguments.values["--subject"].flatMap(NetworkJudge.Subject.init)
  }

  static func main() throws {
    exit(try PolicyFuzz().run() ? 0 : 1)
  }

  private func run() throws -> Bool {
    let subject = subject
    let journal = arguments.values["--journal"] ?? "policy-fuzz.position"
    let mutator = Mutator(corpus: subject == nil ? try texts() : [])
    let position = open(journal, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer { close(position) }
    let clock = ContinuousClock()
    let start = clock.now
    var slowest = Duration.zero
    var slowestIndex = arguments.first
    var longest = 0
    var bytes = 0
    for index in arguments.indices {
      _ = withUnsafeBytes(of: index) { pwrite(position, $0.baseAddress, $0.count, 0) }
      alarm(10)
      let begun = clock.now
      let (complaint, input) = judge(subject, index, mutator)
      let taken = clock.now - begun
      if taken > slowest { (slowest, slowestIndex) = (taken, index) }
      if arguments.shows { print(input) }
      longest = max(longest, input.utf8.count)
      bytes += input.utf8.count
      if let complaint {
        print("input \(index) of seed \(arguments.seed): \(complaint)\n\(input)")
        return false
      }
      if (index + 1) % 100_000 == 0 {
        print("\(index + 1) inputs in \(clock.now - start)")
        fflush(nil)
      }
    }
    print(
      """
      \(arguments.count) inputs of seed \(arguments.seed) in \(clock.now - start): no trap, no hang, no broken rule.
      slowest \(slowest) (input \(slowestIndex)), longest \(longest) bytes, mean \
      \(bytes / Int(max(arguments.count, 1))) bytes
      """
    )
    return true
  }

  private func judge(
    _ subject: NetworkJudge.Subject?,
    _ index: UInt64,
    _ mutator: Mutator
  ) -> (complaint: String?, input: String) {
    if let subject { return NetworkJudge.complaint(subject, index, seed: arguments.seed) }
    let input = mutator.input(index, seed: arguments.seed)
    return (Judge.complaint(about: input), input.debugDescription)
  }

  private func texts() throws -> [String] {
    let root = URL(filePath: arguments.words.last ?? "")
    let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
    let yaml = (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "yaml" }
    return try yaml.sorted { $0.path < $1.path }.map {
      String(decoding: try Data(contentsOf: $0), as: UTF8.self)
    }
  }
}
