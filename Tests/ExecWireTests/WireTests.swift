import ExecWire
import Testing

private let requests: [Request] = [
  .run(
    RunRequest(
      command: Array("echo \u{FC}; exit 3".utf8),
      directory: Array("src".utf8),
      milliseconds: 5000,
      headBytes: 10,
      tailBytes: .max,
      follows: true,
      window: 1 << 20
    )
  ),
  .input(InputRequest(command: 7, bytes: [0, 0xFF])),
  .input(InputRequest(command: .max, bytes: [], isLast: true)), .allow(command: 9, bytes: .max),
  .cancel(.max),
  .read(path: Array("a/b".utf8), offset: 1 << 40, count: 77),
  .write(WriteRequest(path: [0xFF, 0x2F], bytes: [0, 1, 2])),
  .write(WriteRequest(path: [], bytes: [], mode: 0o755, expected: .nothing)),
  .write(
    WriteRequest(
      path: [1],
      bytes: [],
      mode: 0,
      expected: .unchanged(FileToken(size: 1, modified: .max, inode: 3))
    )
  ),
  .sync,
  .stat(path: Array("x".utf8)),
]

private let status = FileStatusInside(
  kind: .directory,
  mode: 0o1777,
  token: FileToken(size: 5, modified: 6, inode: 7)
)

private let messages: [ServiceMessage] =
  [
    .greeting(version: 1), .output(id: 3, skipped: 9, bytes: [7, 8]),
    .said(id: 4, bytes: [0x0A]), .said(id: 4, bytes: []),
  ]
  + ([
    .ran(RanCommand(end: .exited(-1), milliseconds: 1, total: 9, head: [1], tail: [2, 3])),
    .ran(RanCommand(end: .signalled(9), milliseconds: 0)),
    .ran(RanCommand(end: .timedOut, milliseconds: .max)),
    .ran(RanCommand(end: .cancelled, milliseconds: 2)),
    .ran(RanCommand(end: .notStarted(2), milliseconds: 2)),
    .content(status, bytes: [4, 5]),
    .listing(status, names: [], isComplete: true),
    .listing(status, names: [ListedName(kind: .fifo, name: [0xC3])], isComplete: false),
    .status(status), .written(status.token), .done,
    .failed(.system(13)), .failed(.changed), .failed(.notAFile(.blockDevice)), .failed(.busy),
    .failed(.malformed),
  ] as [Answer]).map { .answer(id: 1 << 50, $0) }

private func payload(_ frame: [UInt8]) throws -> [UInt8] {
  var buffer = FrameBuffer()
  frame.withUnsafeBytes { buffer.append($0) }
  let payload = try #require(try buffer.next())
  #expect(buffer.count == 0)
  return payload
}

@Suite struct WireTests {
  @Test(arguments: requests)
  func `a request is read as it was written`(request: Request) throws {
    let (id, read) = try Request.decode(payload(request.frame(id: 42)))
    #expect(id == 42)
    #expect(read == request)
  }

  @Test(arguments: messages)
  func `what the service says is read as it was written`(message: ServiceMessage) throws {
    #expect(try ServiceMessage(payload(message.frame)) == message)
  }

  @Test func `the greeting of the client names its version`() throws {
    #expect(try ClientGreeting.version(payload(ClientGreeting.frame)) == ExecWire.version)
    #expect(throws: WireError.self) {
      try ClientGreeting.version(payload(Request.sync.frame(id: 0)))
    }
  }

  @Test func `every cut of a message, and every longer one, is refused`() throws {
    for frame in requests.map({ $0.frame(id: 1) }) {
      let whole = try payload(frame)
      for count in 0..<whole.count {
        #expect(throws: WireError.self) { try Request.decode(Array(whole[..<count])) }
      }
      #expect(throws: WireError.long) { try Request.decode(whole + [0]) }
    }
    for frame in messages.map(\.frame) {
      let whole = try payload(frame)
      for count in 0..<whole.count {
        #expect(throws: WireError.self) { try ServiceMessage(Array(whole[..<count])) }
      }
      #expect(throws: WireError.long) { try ServiceMessage(whole + [0]) }
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `changed bytes are read or refused, and never trap`(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let frames = requests.map { $0.frame(id: 7) } + messages.map(\.frame)
    var refused = 0
    for _ in 0..<20_000 {
      let bytes = random.mutated(frames[random.below(frames.count)])
      var buffer = FrameBuffer()
      do {
        bytes.withUnsafeBytes { buffer.append($0) }
        while let payload = try buffer.next(largest: 4096) {
          _ = try? ClientGreeting.version(payload)
          // What is read can be written again, and means the same.
          if let (id, request) = try? Request.decode(payload) {
            let again = try Request.decode(Array(request.frame(id: id).dropFirst(4)))
            #expect(again.0 == id && again.1 == request)
          } else if let message = try? ServiceMessage(payload) {
            #expect(try ServiceMessage(Array(message.frame.dropFirst(4))) == message)
          } else {
            refused += 1
          }
        }
      } catch {
        refused += 1
      }
    }
    #expect(refused > 1000)
  }

  @Test func `a frame comes in pieces of any size`() throws {
    let stream = requests.flatMap { $0.frame(id: 1) }
    for size in [1, 2, 3, 7, 64, stream.count] {
      var buffer = FrameBuffer()
      var read: [Request] = []
      for start in stride(from: 0, to: stream.count, by: size) {
        stream[start..<min(start + size, stream.count)].withUnsafeBytes { buffer.append($0) }
        while let payload = try buffer.next() { read.append(try Request.decode(payload).1) }
      }
      #expect(read == requests)
    }
  }

  @Test func `a length that nobody may send is refused before its bytes come`() throws {
    var buffer = FrameBuffer()
    [UInt8]([0xFF, 0xFF, 0xFF, 0xFF]).withUnsafeBytes { buffer.append($0) }
    #expect(throws: WireError.tooLarge(bytes: 0xFFFF_FFFF, most: ExecWire.largestFrame)) {
      try buffer.next()
    }
  }

  @Test func `a count of names that cannot be there makes no room for them`() throws {
    let listing = ServiceMessage.answer(
      id: 1,
      .listing(status, names: [ListedName(kind: .file, name: [1])], isComplete: true)
    )
    var bytes = try payload(listing.frame)
    // The count stands before the only name: kind, length, byte.
    bytes.replaceSubrange(bytes.count - 10..<bytes.count - 6, with: [0xFF, 0xFF, 0xFF, 0xFF])
    #expect(throws: WireError.short) { try ServiceMessage(bytes) }
  }
}

@Suite struct HeadAndTailTests {
  @Test(arguments: [(0, 0), (4, 4), (0, 5), (5, 0), (100, 100)])
  func `keeps both ends of what comes in any pieces`(head: Int, tail: Int) {
    var random = SplitMix(seed: 5)
    for count in [0, 1, 3, 4, 5, 8, 9, 300_000] {
      let all = random.bytes(count)
      var kept = HeadAndTail(head: head, tail: tail)
      var place = 0
      while place < count {
        let next = min(count, place + 1 + random.below(max(1, count / 3)))
        all[place..<next].withUnsafeBytes { kept.append($0) }
        place = next
      }
      #expect(kept.total == UInt64(count))
      #expect(kept.head == Array(all.prefix(head)))
      #expect(kept.tail == Array(all.dropFirst(min(head, count)).suffix(tail)))
    }
  }
}
