import Foundation
import SystemPackage
import Testing

/// A run's way out, as a person meets it.
@Suite struct NetworkTests {
  @Test func `a host that nothing grants is refused with the change that would allow it`()
    async throws
  {
    try await RunTests.withPlace { place in
      let result = try await place.run(
        ["--allow", "other.example.com"],
        "curl",
        "-sS",
        "-m",
        "10",
        "https://api.example.com/v1/x?token=abc"
      )
      #expect(result.output.contains("the policy does not grant api.example.com:443"))
      #expect(result.error.contains("to allow: network: [{ host: api.example.com }]"))
      let rows = try await place.audit()
      #expect(rows.contains("denied GET api.example.com/v1/x?token=…"))
      #expect(!rows.contains("abc ("))
    }
  }

  @Test func `numbers instead of names are refused, and other ports lead nowhere`() async throws {
    try await RunTests.withPlace { place in
      let result = try await place.run(
        ["--allow", "other.example.com"],
        "sh",
        "-c",
        "curl -s -m 10 http://169.254.169.254/latest; curl -s -m 10 http://[fd00:ec2::254]/latest; "
          + "curl -s -m 10 http://10.0.0.1:8080/; echo $?"
      )
      #expect(result.output.contains("no bare addresses"))
      #expect(result.output.hasSuffix("7\n"))
      let rows = try await place.audit()
      #expect(rows.contains("denied 169.254.169.254:80"))
      #expect(rows.contains("fd00:ec2::254"))
    }
  }

  @Test func `without a grant there is no network at all`() async throws {
    try await RunTests.withPlace { place in
      let result = try await place.run([], "curl", "-s", "-m", "10", "http://api.example.com/")
      #expect(result.status == .exited(6))
      #expect(result.output.isEmpty)
    }
  }

  @Test func `a malformed host is refused before anything runs`() async throws {
    try await RunTests.withPlace { place in
      for host in ["10.0.0.1", "https://x.example.com", "*.com", "x.example.com:0", "localhost"] {
        let result = try await place.run(["--allow", host], "true")
        #expect(result.status == .exited(64), "\(host): \(result.error)")
        #expect(result.error.contains("--allow \(host)"))
      }
    }
  }

  @Test func `where nobody can be asked, what a run wants is recorded`() async throws {
    try await RunTests.withPlace { place in
      var sealed = Command.named(
        "setsid",
        Command.binary("caisson").string,
        "run",
        "--learn",
        "--",
        "curl",
        "-sS",
        "-m",
        "10",
        "http://api.example.com/",
        directory: place.workspace
      )
      sealed.environment["CAISSON_HOME"] = place.home.string
      let result = try await sealed.run()
      #expect(result.error.contains("nobody can be asked without a terminal"))
      #expect(result.output.contains("the policy does not grant api.example.com:80"))
      #expect(try await place.audit().contains("denied GET api.example.com:80/"))
      let wrong = try await place.run(["--learn=guess"], "true")
      #expect(wrong.status == .exited(64))
    }
  }
}
