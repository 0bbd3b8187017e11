import Foundation
import Testing

@testable import Policy

/// Each document of `Fixtures/bad` beside the exact text of its complaint.
///
/// `CAISSON_RECORD=1 swift test --filter BadDocumentTests` writes the texts anew; read them before
/// committing them: they are what a person sees.
struct BadDocumentTests {
  static let names = Fixtures.names(in: "bad", ending: "yaml")

  @Test func `there are at least sixty of them`() {
    #expect(Self.names.count >= 60)
  }

  @Test(arguments: names)
  func `a bad document is refused in these words`(name: String) throws {
    let text = try Fixtures.text("bad/\(name).yaml")
    let error = #expect(throws: PolicyError.self) {
      try PolicyDocument.parse(text, file: "\(name).yaml")
    }
    let complaint = try #require(error).description + "\n"
    if ProcessInfo.processInfo.environment["CAISSON_RECORD"] == "1" {
      try Fixtures.write(complaint, to: "bad/\(name).txt")
    }
    #expect(try complaint == Fixtures.text("bad/\(name).txt"))
  }

  @Test(arguments: names)
  func `every problem has a place and a remedy`(name: String) throws {
    let text = try Fixtures.text("bad/\(name).yaml")
    let error = #expect(throws: PolicyError.self) {
      try PolicyDocument.parse(text, file: name)
    }
    for problem in try #require(error).problems {
      #expect(problem.line > 0 && problem.column > 0)
      #expect(!problem.what.isEmpty && !problem.remedy.isEmpty)
    }
  }
}
