import Dialects
import Foundation
import Glibc

/// What the gateway pays for reading, patching and translating, in processor time.
///
///     swift build -c release && .build/release/dialect-bench
@main
enum DialectBench {
  static func main() throws {
    let small = request(bytes: 2_000)
    let large = request(bytes: 200_000)
    let dense = tools(bytes: 200_000)
    for (name, body) in [("2 kB", small), ("200 kB", large), ("200 kB of schemas", dense)] {
      try measure("parse \(name)", bytes: body.count) { _ = try JSONDocument(body) }
      try measure("scan and patch \(name)", bytes: body.count) {
        let scan = try RequestScan(body, dialect: .openAIChat)
        _ = scan.patched(model: "another-model", asksForUsage: true)
      }
      for upstream in [Dialect.anthropic, .gemini, .ollamaChat] {
        try measure("OpenAI to \(upstream.rawValue), request of \(name)", bytes: body.count) {
          let options = TranslationOptions(model: "m", losses: .drop)
          _ = try Translation.request(body, from: .openAIChat, to: upstream, options)
        }
      }
      try measure("Foundation's JSONSerialization \(name)", bytes: body.count) {
        _ = try JSONSerialization.jsonObject(with: Data(body))
      }
    }
    try streams()
  }

  private static func request(bytes: Int) -> [UInt8] {
    let words = "The chamber is full of pressed air, so that men may \\\"dig\\\" below the river. "
    var turns: [String] = []
    var count = 0
    while count < bytes - 900 {
      let text = String(repeating: words, count: min(8, max(1, (bytes - 900 - count) / 80)))
      let role = turns.count % 2 == 0 ? "user" : "assistant"
      turns.append("{\"role\":\"\(role)\",\"content\":\"\(text)\"}")
      count += text.utf8.count + 40
    }
    return Array(
      """
      {"model":"gpt-5.4-mini","stream":true,"temperature":0.7,"max_completion_tokens":512,\
      "messages":[{"role":"system","content":"Be brief."},\(turns.joined(separator: ",")),\
      {"role":"user","content":"Go on."}],"tools":[{"type":"function","function":{"name":\
      "get_weather","description":"Current weather","parameters":{"type":"object","properties":\
      {"city":{"type":"string","description":"Name"},"unit":{"type":"string","enum":["c","f"]}},\
      "required":["city"]}}}],"tool_choice":"auto","user":"ann"}
      """.utf8
    )
  }

  /// Many small values: the worst that a parser is given.
  private static func tools(bytes: Int) -> [UInt8] {
    let property = "\"city\":{\"type\":\"string\",\"enum\":[\"a\",\"b\"],\"maxLength\":12}"
    let tool = { (number: Int) in
      """
      {"type":"function","function":{"name":"tool_\(number)","parameters":{"type":"object",\
      "properties":{\(property)},"required":["city"],"additionalProperties":false}}}
      """
    }
    let list = (0..<(bytes / 190)).map(tool).joined(separator: ",")
    let messages = "[{\"role\":\"user\",\"content\":\"hi\"}]"
    return Array("{\"model\":\"m\",\"messages\":\(messages),\"tools\":[\(list)]}".utf8)
  }

  private static func streams() throws {
    let chunk =
      "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1775000000,"
      + "\"model\":\"gpt-5.4-mini\",\"service_tier\":\"default\",\"choices\":[{\"index\":0,"
      + "\"delta\":{\"content\":\" token\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n"
    let frames = 100
    let bytes = Array(chunk.utf8)
    try measure("tap, one frame of \(bytes.count) bytes", bytes: bytes.count, per: frames) {
      guard var tap = StreamTap(.openAIChat) else { return }
      for _ in 0..<frames { _ = tap.receive(bytes[...]) }
    }
    try measure("tap that hides usage, one frame", bytes: bytes.count, per: frames) {
      guard var tap = StreamTap(.openAIChat, hidesUsage: true) else { return }
      for _ in 0..<frames { _ = tap.receive(bytes[...]) }
    }
    for client in [Dialect.anthropic, .openAIResponses, .ollamaChat] {
      try measure("OpenAI to \(client.rawValue), one frame", bytes: bytes.count, per: frames) {
        let context = AnswerContext(now: 1_775_000_000)
        guard var stream = StreamTranslator(from: .openAIChat, to: client, context: context) else {
          return
        }
        for _ in 0..<frames { _ = stream.receive(bytes[...]) }
      }
    }
  }

  private static func measure(
    _ name: String,
    bytes: Int,
    per parts: Int = 1,
    _ work: () throws -> Void
  ) throws {
    let repeats = max(20, 20_000_000 / (bytes * parts))
    var best = Double.infinity
    for _ in 0..<7 {
      let begun = processorTime()
      for _ in 0..<repeats { try work() }
      best = min(best, (processorTime() - begun) / Double(repeats * parts))
    }
    let rate = Double(bytes) / best / 1e6
    print("\(name): \(rounded(best * 1e6)) µs, \(Int(rate)) MB/s")
  }

  private static func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
