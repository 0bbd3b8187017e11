import Foundation
import Testing

@Suite struct ImportTests {
  @Test func `every import stands in the table of CONTRIBUTING`() throws {
    let table = ImportTable(markdown: try House.text("CONTRIBUTING.md"))
    var seen = 0
    for path in try House.files(under: "Sources", suffix: ".swift") {
      let parts = path.split(separator: "/")
      let target = String(parts[1])
      let file = parts.dropFirst(2).joined(separator: "/")
      for line in try House.text(path).split(separator: "\n") {
        guard let module = ImportTable.module(importedBy: line) else { continue }
        seen += 1
        #expect(
          table.allows(module, in: file, of: target),
          "\(path) imports \(module), which the map of the house does not allow to \(target)"
        )
      }
    }
    #expect(seen > 10)
  }

  @Test func `every target has its row, and every row its target`() throws {
    let table = ImportTable(markdown: try House.text("CONTRIBUTING.md"))
    let targets = try FileManager.default.contentsOfDirectory(
      atPath: House.root.appending(path: "Sources").path
    )
    #expect(Set(table.rules.keys) == Set(targets))
  }

  @Test(
    arguments: [
      ("import GRDB", "GRDB"), ("package import SystemPackage", "SystemPackage"),
      ("@testable import Journal // why", "Journal"), ("import class GRDB.DatabaseQueue", "GRDB"),
      ("@preconcurrency public import Dispatch", "Dispatch"), ("let important = 1", nil),
      ("// import Yams", nil), ("", nil), ("  import Yams", "Yams"),
    ] as [(String, String?)]
  )
  func `an import is recognised in each of its forms`(line: String, module: String?) {
    #expect(ImportTable.module(importedBy: line[...]) == module)
  }

  @Test func `the table says no where it should`() {
    let table = ImportTable(
      markdown: """
        | target | may import | never | owns |
        |---|---|---|---|
        | `Policy` | `Yams` in `Documents/` | | x |
        | `launch` | `CLinux` | `Foundation` | x |
        | `exe` | all | | x |

        | `Other` | `GRDB` | | not of this table |
        """
    )
    #expect(Set(table.rules.keys) == ["Policy", "launch", "exe"])
    #expect(table.allows("Yams", in: "Documents/A.swift", of: "Policy"))
    #expect(!table.allows("Yams", in: "A.swift", of: "Policy"))
    #expect(!table.allows("Sandbox", in: "A.swift", of: "Policy"))
    #expect(table.allows("Foundation", in: "A.swift", of: "Policy"))
    #expect(table.allows("CLinux", in: "main.swift", of: "launch"))
    #expect(!table.allows("Foundation", in: "main.swift", of: "launch"))
    #expect(table.allows("GRDB", in: "A.swift", of: "exe"))
    #expect(!table.allows("GRDB", in: "A.swift", of: "Other"))
  }
}
