import NIOCore
import NIOHTTP1

extension HTTP1Server: Asker {
  var isWritable: Bool { context?.channel.isWritable ?? false }

  func wantBody() {
    wantsBody = true
    process()
  }

  func goAhead() {
    guard owesContinue else { return }
    owesContinue = false
    out.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
    flushAnswer()
  }

  func answer(_ head: AnswerHead) {
    // Whoever waits for leave to send a body may or may not send it now: nobody can tell what
    // comes next on this connection.
    if owesContinue { closesAfter = true }
    framing =
      if !head.mayHaveBody {
        .none
      } else if head.length != nil {
        .length
      } else if request?.minor == 1 {
        .chunked
      } else {
        .untilClose
      }
    if framing == .untilClose { closesAfter = true }
    writeStart(head)
    if let length = head.length { out.writeString("content-length: \(length)\r\n") }
    if framing == .chunked { out.writeStaticString("transfer-encoding: chunked\r\n") }
    if closesAfter {
      out.writeStaticString("connection: close\r\n")
    } else if request?.minor == 0 {
      out.writeStaticString("connection: keep-alive\r\n")
    }
    out.writeStaticString("\r\n")
  }

  private func writeStart(_ head: AnswerHead) {
    out.writeStaticString("HTTP/1.1 ")
    out.writeString(String(head.status.code))
    out.writeStaticString(" ")
    out.writeString(head.status.reasonPhrase)
    out.writeStaticString("\r\n")
    for (name, value) in head.headers {
      out.writeString(name)
      out.writeStaticString(": ")
      out.writeString(value)
      out.writeStaticString("\r\n")
    }
  }

  func answerBody(_ bytes: ByteBuffer) {
    guard framing != .none, bytes.readableBytes > 0 else { return }
    if framing == .chunked {
      out.writeString(String(bytes.readableBytes, radix: 16))
      out.writeStaticString("\r\n")
    }
    // What is small joins the head in one write, and in one TLS record.
    if bytes.readableBytes < 8 << 10 {
      out.writeImmutableBuffer(bytes)
    } else {
      writeOut()
      context?.write(wrapOutboundOut(bytes), promise: nil)
    }
    if framing == .chunked { out.writeStaticString("\r\n") }
  }

  func answerEnd(_ trailers: HTTPHeaders?) {
    if framing == .chunked { out.writeStaticString("0\r\n\r\n") }
    if !closesAfter { flushAnswer() }
    answered()
  }

  func flushAnswer() {
    watch?.touch()
    writeOut()
    context?.flush()
  }

  private func writeOut() {
    guard out.readableBytes > 0 else { return }
    context?.write(wrapOutboundOut(out), promise: nil)
    out = ByteBuffer()
  }

  func abort() { shut() }

  func becomeTunnel(_ head: AnswerHead) -> TunnelEnd? {
    guard let context, let exchange else { return nil }
    writeStart(head)
    out.writeStaticString("connection: Upgrade\r\n\r\n")
    flushAnswer()
    let end = TunnelEnd(
      early: pending,
      count: { exchange.tunnelSent($0) },
      ended: { exchange.tunnelEnded() }
    )
    self.exchange = nil
    input = .over
    do {
      let pipeline = context.pipeline.syncOperations
      try pipeline.addHandler(end, position: .after(self))
      pipeline.removeHandler(context: context, promise: nil)
      return end
    } catch {
      shut()
      return nil
    }
  }
}
