import FuzzDriver
import Glibc

/// Plays connections of HTTP/2 on which nearly everything may be said, until one traps, hangs or
/// breaks a rule, memory grows, or the count is reached.
///
/// `http2-fuzz [run|server|both …] [--count N] [--seed N] [--first N] [--show]`; an input is one
/// connection. Without subjects: all of them, each with the count.
@main
struct HTTP2Fuzz {
  let arguments = FuzzArguments(CommandLine.arguments.dropFirst(), options: ["--journal"])

  static func main() throws {
    let fuzz = HTTP2Fuzz()
    let subjects = fuzz.arguments.words.compactMap(Fuzz.Subject.init)
    guard subjects.count == fuzz.arguments.words.count else {
      print("subjects: \(Fuzz.Subject.allCases.map(\.rawValue).joined(separator: " "))")
      exit(64)
    }
    for subject in subjects.isEmpty ? Fuzz.Subject.allCases : subjects { try fuzz.run(subject) }
  }

  private func run(_ subject: Fuzz.Subject) throws {
    let fuzz = try Fuzz()
    let (first, seed) = (arguments.first, arguments.seed)
    let journal = arguments.values["--journal"] ?? "http2-fuzz.position"
    let position = open(journal, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer { close(position) }
    let clock = ContinuousClock()
    let start = clock.now
    var sum = Fuzz.Outcome()
    var resident = 0
    for index in arguments.indices {
      _ = withUnsafeBytes(of: index) { pwrite(position, $0.baseAddress, $0.count, 0) }
      alarm(10)
      var random = SplitMix(seed: arguments.seed(of: index))
      let outcome = try fuzz.play(subject, &random)
      sum.frames += outcome.frames
      sum.bytes += outcome.bytes
      sum.asked += outcome.asked
      if arguments.shows { print(index, outcome) }
      if let rule = outcome.broken {
        print("\(subject.rawValue): input \(index) of seed \(seed): \(rule)")
        exit(1)
      }
      if (index + 1 - first) % 250_000 == 0 {
        report(subject, index + 1 - first, sum, clock.now - start)
      }
      if index % 65_536 == 4_096 {
        let now = Self.residentKibibytes()
        if resident == 0 { resident = now }
        guard now < resident + (64 << 10) else {
          print("\(subject.rawValue): memory grew from \(resident) to \(now) KiB by input \(index)")
          exit(1)
        }
      }
    }
    report(subject, arguments.count, sum, clock.now - start)
  }

  private func report(
    _ subject: Fuzz.Subject,
    _ connections: UInt64,
    _ sum: Fuzz.Outcome,
    _ time: Duration
  ) {
    print(
      """
      \(subject.rawValue): \(connections) connections of seed \(arguments.seed) in \(time.components.seconds) s, \
      \(sum.frames) frames, \(sum.bytes) bytes; \(sum.asked) requests passed on; \
      \(Self.residentKibibytes()) KiB; no finding
      """
    )
    fflush(nil)
  }

  private static func residentKibibytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, 128, file) != nil else { return 0 }
    let text = String(decoding: line.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let words = text.split(separator: " ")
    return words.count > 1 ? (Int(words[1]) ?? 0) * 4 : 0
  }
}
