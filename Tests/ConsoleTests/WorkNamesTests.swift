import Testing
import WorkWire

@testable import Delegation

/// What people may call an assignment by.
struct WorkNamesTests {
  private let names = ["1ng292r7dnkk", "1ng292r7dnka", "1ng2zf6ze30x"]

  @Test(
    arguments: [
      ("1ng292r7dnkk", "1ng292r7dnkk"), ("1ng2z", "1ng2zf6ze30x"), ("1NG2Z", "1ng2zf6ze30x"),
      ("last", "1ng292r7dnkk"),
    ]
  )
  func `a name is whole, begun, or the newest`(text: String, name: String) throws {
    #expect(try WorkNames.resolve(text, among: names, as: .assignment) == name)
  }

  @Test(
    arguments: [
      ("1ng292", WorkProblem.Kind.invalid), ("x", .unknown), ("", .invalid),
      ("1ng292r7dnkkk", .unknown), (String(repeating: "1", count: 65), .invalid),
    ]
  )
  func `what may be several, or none, is refused`(text: String, kind: WorkProblem.Kind) {
    let problem = #expect(throws: WorkProblem.self) {
      try WorkNames.resolve(text, among: names, as: .assignment)
    }
    #expect(problem?.kind == kind)
    #expect(throws: WorkProblem.self) {
      try WorkNames.resolve("last", among: [], as: .schedule)
    }
  }
}
