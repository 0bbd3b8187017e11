import Foundation
import Testing

@testable import Dialects

/// Every dialect of clients against every dialect of upstreams, byte for byte.
///
/// `CAISSON_RECORD_GOLDEN=1` writes the files anew; what changed in them is then read by a person.
@Suite struct GoldenTests {
  static let clients: [Dialect] = [
    .openAIChat, .openAIResponses, .openAICompletions, .anthropic, .ollamaChat, .ollamaGenerate,
  ]
  static let upstreams: [Dialect] = [.openAIChat, .anthropic, .gemini, .ollamaChat]

  static func context(_ request: ChatRequest? = nil) -> AnswerContext {
    var context = AnswerContext(id: "req1", now: 1_775_000_000, request: request)
    context.wantsUsage = true
    return context
  }

  @Test(arguments: Golden.inputs(in: "requests", of: clients))
  func `a request is written for every upstream`(input: Golden.Input) throws {
    let body = try input.bytes()
    for upstream in Self.upstreams {
      var options = TranslationOptions(losses: .drop)
      options.model = "upstream-model"
      let golden = input.output(upstream)
      do throws(RequestError) {
        let result = try Translation.request(body, from: input.dialect, to: upstream, options)
        var text = ""
        for loss in result.losses { text += "\(loss.changesAnswer ? "!" : "-") \(loss)\n" }
        text += String(decoding: result.body, as: UTF8.self) + "\n"
        golden.check(text)
        // What was written is what this house would read.
        _ = try JSON.request(result.body)
      } catch {
        golden.check("refused: \(error)\n")
      }
    }
  }

  @Test(arguments: Golden.inputs(in: "answers", of: upstreams))
  func `an answer is written for every client`(input: Golden.Input) throws {
    let body = try input.bytes()
    for client in Self.clients {
      let golden = input.output(client)
      do throws(ProviderError) {
        let result = try Translation.answer(
          body,
          from: input.dialect,
          to: client,
          Self.context()
        )
        let head = "stop \(Golden.text(result.stop)), \(Golden.text(result.usage))\n"
        golden.check(head + String(decoding: result.body, as: UTF8.self) + "\n")
        _ = try? JSON.request(result.body)
      } catch {
        golden.check("failed: \(error.kind) \(error.message)\n")
      }
    }
  }

  @Test(arguments: Golden.inputs(in: "streams", of: upstreams))
  func `a stream is written for every client, however it arrives`(input: Golden.Input) throws {
    let body = try input.bytes()
    for client in Self.clients {
      let whole = try Self.run(body, from: input.dialect, to: client, pieces: body.count)
      input.output(client).check(whole)
      for pieces in [1, 2, 3, 7, 64] {
        let split = try Self.run(body, from: input.dialect, to: client, pieces: pieces)
        #expect(split == whole, "in pieces of \(pieces)")
      }
    }
  }

  static func run(
    _ body: [UInt8],
    from upstream: Dialect,
    to client: Dialect,
    pieces: Int
  ) throws -> String {
    var stream = try #require(StreamTranslator(from: upstream, to: client, context: context()))
    var output: [UInt8] = []
    var at = 0
    while at < body.count {
      let end = min(at + max(1, pieces), body.count)
      output += stream.receive(body[at..<end])
      at = end
    }
    output += stream.end()
    let state =
      switch stream.state {
      case .open: "open"
      case .complete(let stop): "complete, \(Golden.text(stop))"
      case .failed(let error): "failed, \(error.kind): \(error.message)"
      }
    let head = "\(state); \(Golden.text(stream.usage)); \(stream.textBytes) bytes of text\n"
    return head + String(decoding: output, as: UTF8.self)
  }

  @Test(arguments: Golden.inputs(in: "requests", of: clients))
  func `a request scans as it decodes`(input: Golden.Input) throws {
    let body = try input.bytes()
    let scan = try RequestScan(body, dialect: input.dialect)
    let request = try Translation.decode(body, from: input.dialect)
    #expect(scan.model == request.model)
    #expect(scan.isStream == request.isStream)
    if input.dialect != .openAICompletions { #expect(scan.maxTokens == request.maxTokens) }
    let parts = request.messages.flatMap(\.parts)
    let images = parts.flatMap { part -> [Part] in
      if case .toolResult(let result) = part.kind { result.parts } else { [part] }
    }.count { if case .image = $0.kind { true } else { false } }
    #expect(scan.features.images == images)
    #expect(scan.features.hasTools == !request.tools.isEmpty)
    // A patched body differs in the model alone.
    let patched = scan.patched(model: "another", asksForUsage: false)
    let again = try Translation.decode(patched, from: input.dialect)
    var expected = request
    expected.model = "another"
    #expect(again == expected)
  }
}

/// The files of `Golden`.
enum Golden {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
  static let records = ProcessInfo.processInfo.environment["CAISSON_RECORD_GOLDEN"] == "1"

  struct Input: Sendable, CustomTestStringConvertible {
    let folder: String
    let dialect: Dialect
    let name: String

    var testDescription: String { "\(folder)/\(dialect.rawValue)/\(name)" }

    func bytes() throws -> [UInt8] {
      let url = Golden.root.appending(path: "\(folder)/\(dialect.rawValue)/\(name)")
      return Array(try Data(contentsOf: url))
    }

    func output(_ target: Dialect) -> Output {
      let stem = name.prefix { $0 != "." }
      return Output(path: "\(folder)/\(dialect.rawValue)/\(stem).to-\(target.rawValue).txt")
    }
  }

  struct Output {
    let path: String

    func check(_ text: String) {
      let url = Golden.root.appending(path: path)
      if Golden.records { try? Data(text.utf8).write(to: url) }
      let expected = (try? Data(contentsOf: url)).map { String(decoding: $0, as: UTF8.self) }
      #expect(text == expected ?? "(no golden file)", "\(path)")
    }
  }

  static func inputs(in folder: String, of dialects: [Dialect]) -> [Input] {
    dialects.flatMap { dialect in
      let path = root.appending(path: "\(folder)/\(dialect.rawValue)").path
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      return names.filter { !$0.hasSuffix(".txt") }.sorted()
        .map { Input(folder: folder, dialect: dialect, name: $0) }
    }
  }

  static func text(_ stop: StopReason?) -> String { stop.map { "\($0)" } ?? "none" }

  static func text(_ usage: TokenUsage?) -> String {
    guard let usage else { return "no usage" }
    var parts = ["in \(usage.input)", "out \(usage.output)"]
    if usage.cacheRead > 0 { parts.append("cache read \(usage.cacheRead)") }
    if usage.cacheWrite5m > 0 { parts.append("cache write 5m \(usage.cacheWrite5m)") }
    if usage.cacheWrite1h > 0 { parts.append("cache write 1h \(usage.cacheWrite1h)") }
    if usage.reasoning > 0 { parts.append("reasoning \(usage.reasoning)") }
    if usage.inputAudio > 0 { parts.append("audio in \(usage.inputAudio)") }
    if usage.inputImages > 0 { parts.append("images in \(usage.inputImages)") }
    if usage.providerCalls > 0 { parts.append("provider calls \(usage.providerCalls)") }
    return parts.joined(separator: ", ")
  }
}
