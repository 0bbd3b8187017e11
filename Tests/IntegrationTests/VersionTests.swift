import Testing

@Test func `prints its version`() async throws {
  try await withTemporaryDirectory { home in
    let result = try await Command.caisson("--version", home: home).run()
    #expect(result.status == .exited(0))
    #expect(result.output.contains("."))
  }
}
