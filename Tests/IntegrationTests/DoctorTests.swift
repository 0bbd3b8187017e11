import Foundation
import Glibc
import SystemPackage
import Testing

@Suite struct DoctorTests {
  @Test(.enabled(if: geteuid() == 0, "needs root, whose runs map one owner"))
  func `doctor names files that a run could not change, for they are another's`() async throws {
    try await RunTests.withPlace { place in
      func line() async throws -> String {
        let result = try await Command.caisson(
          "doctor",
          home: place.home,
          directory: place.workspace
        ).run()
        let lines = result.output.split(separator: "\n").map(String.init)
        return try #require(lines.first { $0.contains("this directory") }, "\(result.error)")
      }
      #expect(try await line().hasPrefix("ok "))
      try FileManager.default.createDirectory(
        atPath: place.workspace.appending("below").string,
        withIntermediateDirectories: false
      )
      try place.write("below/other\n.txt", "")
      #expect(chown(place.workspace.appending("below/other\n.txt").string, 1234, 0) == 0)
      let found = try await line()
      #expect(found.hasPrefix("weaker"))
      #expect(found.contains("1 file(s) belong to another user or group"))
      #expect(found.contains(#"below/other\n.txt"#))

      let sealed = try await place.sh(
        "for f in below/*; do stat -c %u \"$f\"; echo x > \"$f\"; done"
      )
      #expect(sealed.output == "65534\n")
      #expect(sealed.error.contains("Permission denied"))
    }
  }
}
