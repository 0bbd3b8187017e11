import Dialects
import NIOCore

/// A line of JSON for each request: names and numbers; what was said only where the document asks
/// for it.
struct CallLog {
  let write: ([UInt8]) -> Void
  let hasContent: Bool

  func record(_ exchange: Exchange, seconds: Double) {
    let report = exchange.report
    var json = JSONWriter(capacity: 512)
    json.object {
      $0.int("time", exchange.gateway.seconds())
      $0.string("key", report.key)
      $0.string("call", ifAny: report.call)
      $0.string("gen_ai.request.model", report.name)
      $0.string("gen_ai.provider.name", ifAny: report.provider)
      $0.string("gen_ai.response.model", ifAny: report.model)
      $0.string("gen_ai.operation.name", report.dialect.operation)
      $0.string("dialect", report.dialect.rawValue)
      $0.bool("stream", report.isStream)
      $0.string("outcome", report.outcome)
      $0.string("error.type", ifAny: report.error?.kind.rawValue)
      $0.int("gen_ai.usage.input_tokens", report.inputTokens)
      $0.int("gen_ai.usage.output_tokens", report.outputTokens)
      $0.int("charged_picodollars", Int(report.charged))
      $0.string("basis", report.basis)
      $0.int("attempts", report.attempts)
      $0.int("duration_ms", Int(seconds * 1000))
      if let trace = TraceContext(exchange.request.headers) {
        $0.string("trace_id", trace.trace)
        $0.string("parent_span_id", trace.parent)
      }
      if hasContent { $0.string("request", text(exchange.scan.document.bytes)) }
    }
    write(json.bytes + [0x0A])
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

extension Dialects.Dialect {
  /// As OpenTelemetry calls what is done.
  var operation: String {
    switch self {
    case .openAICompletions, .ollamaGenerate: "text_completion"
    case .openAIEmbeddings, .ollamaEmbed, .geminiEmbed: "embeddings"
    default: "chat"
    }
  }
}
