import Testing

@testable import Policy

struct MutationTests {
  /// The long run is `Fuzz/`; this one keeps what it found from coming back.
  @Test(.timeLimit(.minutes(5)))
  func `twenty thousand mutated documents are read without a trap`() throws {
    let good = try Fixtures.names(in: "good", ending: "yaml")
      .map { try Fixtures.text("good/\($0).yaml") }
    let bad = try Fixtures.names(in: "bad", ending: "yaml")
      .map { try Fixtures.text("bad/\($0).yaml") }
    let mutator = Mutator(corpus: good + bad)
    for index in 0..<20_000 {
      let input = mutator.input(UInt64(index), seed: 1)
      let complaint = Judge.complaint(about: input)
      #expect(complaint == nil, "input \(index): \(input.debugDescription)")
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: NetworkJudge.Subject.allCases)
  func `mutated requests, pushes and imports are read without a trap`(
    subject: NetworkJudge.Subject
  ) {
    for index in 0..<(subject == .imports ? 3_000 : 20_000) {
      let (complaint, input) = NetworkJudge.complaint(subject, UInt64(index), seed: 1)
      #expect(complaint == nil, "input \(index): \(input)")
    }
  }
}
