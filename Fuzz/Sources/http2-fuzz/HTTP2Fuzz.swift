import Glibc

/// Plays connections of HTTP/2 on which nearly everything may be said, until one traps, hangs or
/// breaks a rule, memory grows, or the count is reached.
///
/// `http2-fuzz [run|server|both …] [--count N] [--seed N] [--first N] [--show]`; an input is one
/// connection. Without subjects: all of them, each with the count.
@main
struct HTTP2Fuzz {
  var subjects: [Fuzz.Subject] = []
  var count: UInt64 = 100_000
  var seed: UInt64 = 1
  var first: UInt64 = 0
  var shows = false
  var journal = "http2-fuzz.position"

  static func main() throws {
    var fuzz = HTTP2Fuzz()
    var arguments = CommandLine.arguments.dropFirst()
    while let argument = arguments.popFirst() {
      switch argument {
      case "--count": fuzz.count = arguments.popFirst().flatMap { UInt64($0) } ?? fuzz.count
      case "--seed": fuzz.seed = arguments.popFirst().flatMap { UInt64($0) } ?? fuzz.seed
      case "--first": fuzz.first = arguments.popFirst().flatMap { UInt64($0) } ?? fuzz.first
      case "--journal": fuzz.journal = arguments.popFirst() ?? fuzz.journal
      case "--show": fuzz.shows = true
      default:
        guard let subject = Fuzz.Subject(rawValue: argument) else {
          print("subjects: \(Fuzz.Subject.allCases.map(\.rawValue).joined(separator: " "))")
          exit(64)
        }
        fuzz.subjects.append(subject)
      }
    }
    if fuzz.subjects.isEmpty { fuzz.subjects = Fuzz.Subject.allCases }
    for subject in fuzz.subjects { try fuzz.run(subject) }
  }

  private func run(_ subject: Fuzz.Subject) throws {
    let fuzz = try Fuzz()
    let position = open(journal, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer { close(position) }
    let clock = ContinuousClock()
    let start = clock.now
    var sum = Fuzz.Outcome()
    var resident = 0
    for index in first..<(first + count) {
      _ = withUnsafeBytes(of: index) { pwrite(position, $0.baseAddress, $0.count, 0) }
      alarm(10)
      var random = SplitMix(seed: seed &* 0x9E37_79B9 &+ index)
      let outcome = try fuzz.play(subject, &random)
      sum.frames += outcome.frames
      sum.bytes += outcome.bytes
      sum.asked += outcome.asked
      if shows { print(index, outcome) }
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
    report(subject, count, sum, clock.now - start)
  }

  private func report(
    _ subject: Fuzz.Subject,
    _ connections: UInt64,
    _ sum: Fuzz.Outcome,
    _ time: Duration
  ) {
    print(
      """
      \(subject.rawValue): \(connections) connections of seed \(seed) in \(time.components.seconds) s, \
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
