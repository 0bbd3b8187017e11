import Foundation
import Journal
import SystemPackage
import Testing

@testable import Gateway

/// Models from within a sealed run: by a fixed name, under the policy's list and budget, and without
/// the key.
@Suite(.takesTurns) struct ModelsInRunTests {
  private static let hasCurl = FileManager.default.isExecutableFile(atPath: "/usr/bin/curl")

  private static let ask = """
    curl -s -w '\\n%{http_code}\\n' "$OPENAI_BASE_URL/chat/completions" \
    -H "Authorization: Bearer $OPENAI_API_KEY" -d
    """
    .replacingOccurrences(of: "\n", with: " ")

  @Test(.enabled(if: hasCurl, "curl is not there; install it with: apt-get install curl"))
  func `a run calls what its policy grants, and holds no key`() async throws {
    let upstream = try await ScriptedUpstream.start()
    let home = try GatewayProcess.Home(TestGateway.document([upstream]))
    let gateway = try GatewayProcess(home)
    let policy = home.directory + "/models.yaml"
    let text = "version: 1\nmodels: { allow: [m], budget: 0.01 USD }\n"
    try Data(text.utf8).write(to: URL(filePath: policy))
    let workspace = home.directory + "-work"
    try FileManager.default.createDirectory(atPath: workspace, withIntermediateDirectories: true)
    let script = """
      \(Self.ask) '\(TestGateway.hello)'
      \(Self.ask) '\(TestGateway.hello.replacingOccurrences(of: #""m""#, with: #""m0""#))'
      \(Self.ask) '\(TestGateway.hello.replacingOccurrences(of: "10,", with: "1000000,"))'
      curl -s --max-time 5 http://127.0.0.1:\(gateway.port)/health || echo no way around
      env
      """
    let run = try home.run("run", "--policy", policy, "--in", workspace, "--", "sh", "-c", script)
    let lines = run.output.split(separator: "\n").map(String.init)
    #expect(run.status == 0, "\(run.errors)")
    #expect(lines.first == ScriptedUpstream.chat("hello"))
    #expect(lines.filter { ["200", "403", "402"].contains($0) } == ["200", "403", "402"])
    #expect(run.output.contains("no way around"), "\(run.output)")
    #expect(!run.output.contains("sk-caisson-"))
    #expect(upstream.requests.count == 1)
    let bill = try home.run("bill", "--by", "run", "--json").output
    #expect(bill.contains("13000000"), "\(bill)")
    let keys = try home.run("gateway", "key", "list", "--all").output
    #expect(keys.contains("revoked"), "\(keys)")
    #expect(gateway.stop() == 0)
    let after = try home.run("run", "--policy", policy, "--in", workspace, "--", "true")
    #expect(after.status == 126)
    #expect(after.errors.contains("caisson gateway"))
    home.remove()
    try? FileManager.default.removeItem(atPath: workspace)
    try await upstream.stop()
  }
}
