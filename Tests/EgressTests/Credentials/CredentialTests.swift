import Crypto
import Foundation
import Policy
import Testing

@testable import Egress

@Suite struct CredentialTests {
  static let placeholder = "caisson_TOKEN_0123456789"
  static let value = "s3cr3t-value-0001"
  static let rules = "credential: TOKEN, rules: [{ allow: \"* /**\" }]"

  static func secret(_ places: Secret.Place...) throws -> Secret {
    let host = try HostPattern(parsing: InspectedRun.host)
    return try Secret(
      name: "TOKEN",
      placeholder: placeholder,
      value: value,
      bindings: places.map { Secret.Binding(host: host, place: $0) }
    )
  }

  @Test(arguments: ["--http1.1", "--http2"])
  func `goes into its header, and its echo is redacted`(version: String) async throws {
    let secret = try Self.secret(.header("authorization"))
    try await InspectedRun.with(Self.rules, secrets: [secret]) { run in
      let answer = try await run.curl(
        "/x",
        version,
        "-H",
        "Authorization: Bearer \(Self.placeholder)",
        "-H",
        "Range: bytes=0-9",
        "-H",
        "Accept-Encoding: br, gzip"
      )
      #expect(answer.status == 200)
      #expect(answer.body.lowercased().contains("authorization: bearer [redacted:token]"))
      #expect(!answer.body.lowercased().contains("range:"))
      #expect(answer.body.contains("accept-encoding: gzip\n"))
      #expect(!answer.body.contains(Self.value))
      #expect(run.audit.all.last?.credential == "TOKEN")
    }
  }

  @Test func `goes into Basic authentication`() async throws {
    let secret = try Self.secret(.header("authorization"))
    try await InspectedRun.with(Self.rules, secrets: [secret]) { run in
      let answer = try await run.curl("/basic", "-u", "user:\(Self.placeholder)")
      #expect(answer.status == 200)
      #expect(run.upstream.asked == ["GET /basic"])
      let header = "Basic " + Data("user:\(Self.value)".utf8).base64EncodedString()
      #expect(run.upstream.authorizations == [header])
      #expect(!answer.body.contains(Self.value))
    }
  }

  @Test func `what comes encoded is looked into, too`() async throws {
    let secret = try Self.secret(.header("authorization"))
    try await InspectedRun.with(Self.rules, secrets: [secret]) { run in
      let answer = try await run.curl(
        "/gzip",
        "-H",
        "Authorization: Bearer \(Self.placeholder)",
        "--compressed"
      )
      #expect(answer.status == 200)
      #expect(answer.body == "the secret is [redacted:TOKEN]\n")
    }
  }

  @Test func `a package is hashed as the run gets it, or not at all`() async throws {
    let secret = try Self.secret(.header("authorization"))
    try await InspectedRun.with(Self.rules, secrets: [secret]) { run in
      let path = "/gzip/a-1.0.tar.gz"
      let answer = try await run.curl(
        path,
        "-H",
        "Authorization: Bearer \(Self.placeholder)",
        "--compressed"
      )
      #expect(answer.body == "the secret is [redacted:TOKEN]\n")
      let hash = SHA256.hash(data: Data(answer.body.utf8)).map {
        ($0 < 16 ? "0" : "") + String($0, radix: 16)
      }
      let read = try #require(run.audit.all.compactMap(\.package).last)
      #expect(read.sha256 == hash.joined())
      // What stays coded on its way is not the file.
      _ = try await run.curl(path, "--compressed")
      let coded = try #require(run.audit.all.compactMap(\.package).last)
      #expect(coded.name == "a")
      #expect(coded.sha256 == nil)
    }
  }

  @Test(arguments: [
    ["-H", "X-Other: caisson_TOKEN_0123456789"], ["-d", "text=caisson_TOKEN_0123456789"],
    ["-H", "Cookie: a=caisson_TOKEN_0123456789"],
    ["-u", "caisson_TOKEN_0123456789:", "-H", "X-Other: caisson_TOKEN_0123456789"],
  ])
  func `is refused anywhere else`(arguments: [String]) async throws {
    let secret = try Self.secret(.header("authorization"))
    try await InspectedRun.with(Self.rules, secrets: [secret]) { run in
      let answer = try await run.curl(["/x"], arguments)
      #expect(answer.status == 403)
      #expect(answer.body.contains("placeholder of TOKEN"))
      #expect(run.audit.all.last?.rule == Refusal.credential)
      #expect(run.upstream.asked.isEmpty)
    }
  }

  @Test func `is refused in the path and in the query`() async throws {
    let secret = try Self.secret(.header("authorization"))
    try await InspectedRun.with(Self.rules, secrets: [secret]) { run in
      let status1 = try await run.curl("/\(Self.placeholder)").status
      #expect(status1 == 403)
      let status2 = try await run.curl("/x?a=\(Self.placeholder)").status
      #expect(status2 == 403)
      #expect(run.upstream.asked.isEmpty)
    }
  }

  @Test func `goes into the field of a query that is bound, and no other`() async throws {
    let field = Secret.Field(method: "GET", path: "/v1/*", field: "key")
    let secret = try Self.secret(.query(field))
    try await InspectedRun.with(Self.rules, secrets: [secret]) { run in
      let status3 = try await run.curl("/v1/x?a=b&key=\(Self.placeholder)").status
      #expect(status3 == 200)
      #expect(run.upstream.asked == ["GET /v1/x?a=b&key=\(Self.value)"])
      let status4 = try await run.curl("/v1/x?other=\(Self.placeholder)").status
      #expect(status4 == 403)
      let status5 = try await run.curl("/v2/x?key=\(Self.placeholder)").status
      #expect(status5 == 403)
      #expect(run.upstream.asked.count == 1)
    }
  }

  @Test func `goes into the field of a body that is bound, and no other`() async throws {
    let field = Secret.Field(method: "POST", path: "/login", field: "key")
    let secret = try Self.secret(.body(field))
    try await InspectedRun.with(Self.rules, secrets: [secret]) { run in
      let form = try await run.curl("/login", "-d", "a=b&key=\(Self.placeholder)&c=d")
      #expect(form.status == 200)
      #expect(form.body.contains("body 29: a=b&key=[redacted:TOKEN]&c=d"))
      let json = try await run.curl(
        "/login",
        "--json",
        "{\"key\": \"\(Self.placeholder)\"}"
      )
      #expect(json.body.contains("{\"key\": \"[redacted:TOKEN]\"}"))
      let status6 = try await run.curl("/login", "-d", "other=\(Self.placeholder)").status
      #expect(status6 == 403)
      let status7 = try await run.curl("/other", "-d", "key=\(Self.placeholder)").status
      #expect(status7 == 403)
    }
  }

  @Test func `is refused where the policy does not name it`() async throws {
    let secret = try Self.secret(.header("authorization"))
    try await InspectedRun.with("rules: [{ allow: \"* /**\" }]", secrets: [secret]) { run in
      let answer = try await run.curl("/x", "-H", "Authorization: Bearer \(Self.placeholder)")
      #expect(answer.status == 403)
      #expect(answer.body.contains("credential: TOKEN"))
    }
  }

  @Test func `never goes without encryption`() async throws {
    let secret = try Self.secret(.header("authorization"))
    try await InspectedRun.with(Self.rules, isTLS: false, secrets: [secret]) { run in
      let answer = try await run.curl("/x", "-H", "Authorization: Bearer \(Self.placeholder)")
      #expect(answer.status == 403)
      #expect(run.upstream.asked.isEmpty)
    }
  }

  @Test func `a placeholder late in a long body stops the request`() async throws {
    let secret = try Self.secret(.header("authorization"))
    try await InspectedRun.with(Self.rules, secrets: [secret]) { run in
      let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID())")
      let text = String(repeating: "x", count: 300_000) + Self.placeholder
      try text.write(to: file, atomically: true, encoding: .utf8)
      let answer = try await run.curl("/x", "--data-binary", "@\(file.path)")
      try FileManager.default.removeItem(at: file)
      #expect(answer.status == 403)
      #expect(run.upstream.asked.isEmpty)
    }
  }
}
