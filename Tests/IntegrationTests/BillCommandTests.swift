import Foundation
import Journal
import SystemPackage
import Testing

/// `caisson gateway key` and `caisson bill` as a person meets them.
struct BillCommandTests {
  private static let dollar: Int64 = 1_000_000_000_000

  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func `a key is shown once, listed by its beginning, and revoked`() async throws {
    try await withTemporaryDirectory { home in
      func key(_ arguments: String...) async throws -> Command.Result {
        try await Command.caisson(["gateway", "key"] + arguments, home: home).run()
      }
      let empty = try await key("list")
      #expect(empty.status == .exited(0) && empty.error.contains("no keys yet"))
      let added = try await key(
        "add",
        "ci",
        "--budget",
        "20.00 USD",
        "--per",
        "day",
        "--model",
        "cheap"
      )
      #expect(added.status == .exited(0), "\(added.error)")
      let secret = added.output.trimmingCharacters(in: .newlines)
      #expect(secret.wholeMatch(of: /sk-caisson-[0-9A-Za-z]{43}/) != nil)
      let again = try await key("add", "ci")
      #expect(again.status == .exited(64) && again.error.contains("'ci' is taken"))
      try FileManager.default.createDirectory(
        atPath: home.appending("config").string,
        withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700]
      )
      try Data("version: 1\n".utf8)
        .write(to: URL(filePath: home.appending("config/gateway.yaml").string))
      let nobody = try await key("add", "x", "--parent", "team")
      #expect(nobody.status == .exited(64) && nobody.error.contains("no budget is called 'team'"))
      try Data("version: 1\nbudgets: { team: { amount: 9.00 USD, per: month } }\n".utf8)
        .write(to: URL(filePath: home.appending("config/gateway.yaml").string))
      #expect(try await key("add", "y", "--parent", "team").status == .exited(0))
      let wrong = try await key("add", "x", "--budget", "20")
      #expect(wrong.status == .exited(64) && wrong.error.contains("write 20 USD"))

      let list = try await key("list")
      #expect(list.output.contains("ci"))
      #expect(list.output.contains("20.00 USD per day"))
      #expect(list.output.contains(secret.prefix(19)) && !list.output.contains(secret))
      #expect(try await key("revoke", "ci").status == .exited(0))
      #expect(try await key("revoke", "ci").status == .exited(64))
      #expect(try await key("revoke", "y").status == .exited(0))
      #expect(try await key("list", "--json").output == "[]\n")
      let revoked = try await key("list")
      #expect(revoked.status == .exited(0) && revoked.output.isEmpty)
      #expect(revoked.error.contains("all keys are revoked"))
      #expect(revoked.error.contains("caisson gateway key list --all"))
      #expect(try await key("list", "--all").output.contains("revoked"))
    }
  }

  @Test func `a bill equals the ledger, to the last unit, in every form`() async throws {
    try await withTemporaryDirectory { home in
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: home.string)
      let ledger = try Ledger.open(directory: home)
      try ledger.put(Account(id: "a,b", limit: 9 * Self.dollar))
      let epoch = try ledger.begin()
      var calls: [CallID] = []
      for _ in 0..<3 {
        let request = CallRequest(
          account: "a,b",
          model: "gpt-5.4-nano",
          provider: "openai",
          dialect: "openai",
          ceiling: Self.dollar
        )
        guard case .reserved(let id) = try await ledger.reserve(request, in: epoch) else { return }
        calls.append(id)
      }
      let charge = CallCharge(
        amount: 123_456_789,
        basis: "usage",
        used: CallUsage([.input: 10, .output: 4]),
        outcome: "ok"
      )
      try await ledger.settle(calls[0], charge)
      try await ledger.markUnknown(calls[1], outcome: "the gateway died")
      ledger.close()

      func bill(_ arguments: String...) async throws -> Command.Result {
        try await Command.caisson(["bill"] + arguments, home: home).run()
      }
      let table = try await bill()
      #expect(table.status == .exited(0), "\(table.error)")
      #expect(table.output.contains("openai/gpt-5.4-nano  2"))
      #expect(table.output.contains("1.000123456789 USD"))
      #expect(table.output.contains("the gateway died"))
      #expect(table.output.contains("1 under way, for which 1.00 USD are held back"))
      let csv = try await bill("--csv", "--by", "account")
      #expect(csv.output.contains("\"a,b\",2,1.000123456789,1000123456789,1,1000000000000,"))
      let json = try object(try await bill("--json", "--by", "day").output)
      let total = try #require(json["total"] as? [String: Any])
      #expect(total["charged"] as? Int64 == 1_000_123_456_789)
      let none = try object(try await bill("--json", "--until", "2001-01-01").output)
      #expect((none["lines"] as? [Any])?.isEmpty == true)
      #expect(try await bill("--verify").status == .exited(0))
      let day = try await bill("--since", "yesterday")
      #expect(day.status == .exited(64))

      let audit = try await Command.caisson("audit", home: home).run()
      #expect(audit.output.contains("called gpt-5.4-nano at openai, 0.000123456789 USD: ok"))
      #expect(audit.output.contains("nobody knows whether it was billed"))
    }
  }
}

extension Command {
  fileprivate static func caisson(_ arguments: [String], home: FilePath) -> Command {
    Command(
      executable: binary("caisson"),
      arguments: arguments,
      environment: ["CAISSON_HOME": home.string]
    )
  }
}
