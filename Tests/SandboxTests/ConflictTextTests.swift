import Testing

@testable import Sandbox

/// Where git has marked conflicts in a file.
struct ConflictTextTests {
  private static let file = """
    one
    two
    three
    <<<<<<< merged
    a
    =======
    b
    >>>>>>> caisson/x
    four
    five
    six
    """

  @Test func `a marked place is shown with what is around it`() {
    let bytes = Array(Self.file.utf8)
    #expect(ConflictText.hasMarks(bytes))
    let text = ConflictText.places(in: bytes, atMost: 60)
    #expect(text.hasPrefix("2\ttwo\n3\tthree\n4\t<<<<<<< merged\n"))
    #expect(text.hasSuffix("8\t>>>>>>> caisson/x\n9\tfour\n10\tfive\n"))
    #expect(
      ConflictText.places(in: bytes, atMost: 3) == "2\ttwo\n3\tthree\n4\t<<<<<<< merged\n  …\n"
    )
  }

  @Test(arguments: ["", "a\nb\n", "=======\n", "x <<<<<<< y\n"])
  func `what is no mark is none`(text: String) {
    #expect(!ConflictText.hasMarks(Array(text.utf8)))
    #expect(ConflictText.places(in: Array(text.utf8), atMost: 60).isEmpty)
  }
}
