import Catalogue
import Dialects
import NIOCore
import NIOHTTP1

/// Sends a span for each request to OpenTelemetry's collector: OTLP over HTTP, as JSON, with the
/// names of the conventions for generative AI. Nothing of what was said is in them.
///
/// Spans go together, once a second. What the collector does not take is lost, and said: no call
/// waits for it. Used on one event loop.
final class TraceExporter {
  private let upstreams: Upstreams
  private let address: String
  private let loop: any EventLoop
  private let complain: (String) -> Void
  private var spans: [[UInt8]] = []
  private var lost = 0
  private var isDue = false
  private var toldLoss = NIODeadline.distantPast
  private var random = SystemRandomNumberGenerator()

  private static let most = 4096

  init(
    _ base: BaseURL,
    _ upstreams: Upstreams,
    on loop: any EventLoop,
    complain: @escaping (String) -> Void
  ) {
    address = base.text + "/v1/traces"
    self.upstreams = upstreams
    self.loop = loop
    self.complain = complain
  }

  func add(_ exchange: Exchange, seconds: Double) {
    guard spans.count < Self.most else {
      lost += 1
      return
    }
    spans.append(span(exchange, seconds))
    guard !isDue else { return }
    isDue = true
    loop.assumeIsolated().scheduleTask(in: .seconds(1)) { self.flush() }
  }

  /// Sends what there is.
  func flush() {
    isDue = false
    guard !spans.isEmpty else { return }
    let body = Self.document(spans)
    spans = []
    let sent = upstreams.post(address, body)
    sent.assumeIsolated().whenComplete { result in
      switch result {
      case .success(let status) where (200..<300).contains(status): break
      case .success(let status): self.failed("it answered with status \(status)")
      case .failure: self.failed("it cannot be reached")
      }
    }
  }

  /// Once a minute: a collector that is down is down for every second.
  private func failed(_ why: String) {
    guard NIODeadline.now() >= toldLoss + .seconds(60) else { return }
    toldLoss = .now()
    complain("traces are lost: \(address): \(why)")
  }

  private static func document(_ spans: [[UInt8]]) -> [UInt8] {
    let head =
      #"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"#
      + #""stringValue":"caisson-gateway"}}]},"scopeSpans":[{"scope":{"name":"caisson"},"spans":["#
    var body = Array(head.utf8)
    for (place, span) in spans.enumerated() {
      if place > 0 { body.append(UInt8(ascii: ",")) }
      body += span
    }
    return body + Array("]}]}]}".utf8)
  }

  private func span(_ exchange: Exchange, _ seconds: Double) -> [UInt8] {
    let report = exchange.report
    let context = TraceContext(exchange.request.headers)
    let end = exchange.gateway.microseconds()
    let start = end - Int64(seconds * 1e6)
    let operation = report.dialect.operation
    return JSONWriter.object(capacity: 1024) { json in
      json.string("traceId", context?.trace ?? hexadecimal(2))
      json.string("spanId", hexadecimal(1))
      json.string("parentSpanId", ifAny: context?.parent)
      json.string("name", "\(operation) \(report.model ?? "none")")
      // CLIENT.
      json.int("kind", 3)
      json.string("startTimeUnixNano", "\(start)000")
      json.string("endTimeUnixNano", "\(end)000")
      json.array("attributes") { list in
        func text(_ key: String, _ value: String?) {
          guard let value else { return }
          list.object {
            $0.string("key", key)
            $0.object("value") { $0.string("stringValue", value) }
          }
        }
        func number(_ key: String, _ value: Int) {
          list.object {
            $0.string("key", key)
            $0.object("value") { $0.string("intValue", "\(value)") }
          }
        }
        text("gen_ai.operation.name", operation)
        text("gen_ai.provider.name", report.provider)
        text("gen_ai.request.model", report.name)
        text("gen_ai.response.model", report.model)
        number("gen_ai.usage.input_tokens", report.inputTokens)
        number("gen_ai.usage.output_tokens", report.outputTokens)
        text("error.type", report.isSuccess ? nil : report.outcome)
        text("caisson.call", report.call)
        text("caisson.key", report.key)
        number("caisson.charged_picodollars", Int(report.charged))
        number("caisson.attempts", report.attempts)
      }
      json.object("status") { $0.int("code", report.isSuccess ? 1 : 2) }
    }
  }

  private func hexadecimal(_ words: Int) -> String {
    var text = ""
    for _ in 0..<words {
      let digits = String(UInt64.random(in: 1 ... .max, using: &random), radix: 16)
      text += String(repeating: "0", count: 16 - digits.count) + digits
    }
    return text
  }
}
