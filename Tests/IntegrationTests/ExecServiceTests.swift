import ExecWire
import Foundation
import SystemPackage
import Testing

/// The service by itself, without a sandbox: what it does with input that no client sends.
@Suite(.timeLimit(.minutes(4))) struct ExecServiceTests {
  /// Gives the service its whole input, in a directory where it harms nobody.
  private func serve(_ input: [UInt8]) async throws -> Command.Result {
    try await withTemporaryDirectory { directory in
      let path = URL(filePath: directory.appending("input").string)
      try Data(input).write(to: path)
      var service = Command.named("sh", "-c", #"exec "$0" < input | od -An -v -tx1"#)
      service.arguments.append(Command.binary("caisson-exec").string)
      service.directory = directory
      return try await service.run()
    }
  }

  /// Payloads of what the service said.
  private func messages(_ result: Command.Result) throws -> [ServiceMessage] {
    var buffer = FrameBuffer()
    let bytes = result.output.split { " \n".contains($0) }.compactMap { UInt8($0, radix: 16) }
    bytes.withUnsafeBytes { buffer.append($0) }
    var messages: [ServiceMessage] = []
    while let payload = try buffer.next() { messages.append(try ServiceMessage(payload)) }
    #expect(buffer.count == 0)
    return messages
  }

  @Test func `answers what it is asked, and ends with its input`() async throws {
    let input =
      ClientGreeting.frame + Request.stat(path: Array("input".utf8)).frame(id: 5)
      + Request.cancel(9).frame(id: 6) + Request.stat(path: [0]).frame(id: 7)
    let said = try await messages(serve(input))
    #expect(said.count == 4)
    #expect(said.first == .greeting(version: ExecWire.version))
    guard case .answer(5, .status(let status)) = said.dropFirst().first else {
      Issue.record("\(said)")
      return
    }
    #expect(status.token.size == UInt64(input.count))
    #expect(said.dropFirst(2) == [.answer(id: 6, .done), .answer(id: 7, .failed(.malformed))])
  }

  @Test(
    arguments: [
      [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0], Request.sync.frame(id: 1),
      ClientGreeting.frame + ClientGreeting.frame, ClientGreeting.frame + [1, 0, 0, 0, 99],
    ] as [[UInt8]]
  )
  func `ends at what is no request, and says so`(input: [UInt8]) async throws {
    let result = try await serve(input)
    #expect(result.error.contains("no request"), "\(result)")
    #expect(try messages(result) == [.greeting(version: ExecWire.version)])
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `changed requests are answered or refused, and never end it by a signal`(
    seed: UInt64
  ) async throws {
    var random = SplitMix(seed: seed)
    // Nothing that runs or writes: it is not sealed here.
    let requests: [Request] = [
      .stat(path: Array("input".utf8)), .cancel(3), .sync,
      .read(path: Array("input".utf8), offset: 3, count: 100), .read(path: [], offset: 0, count: 9),
    ]
    for _ in 0..<15 {
      let frames = (0..<6).map { UInt64($0) }.flatMap { id in
        let frame = requests[random.below(requests.count)].frame(id: id)
        return random.chance(70) ? frame : random.mutated(frame)
      }
      let result = try await serve(ClientGreeting.frame + frames)
      #expect(result.error == "" || result.error.contains("no request"), "\(result.error)")
      #expect(try messages(result).first == .greeting(version: ExecWire.version))
    }
  }
}
