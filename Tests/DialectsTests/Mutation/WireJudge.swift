package import Dialects

/// What must hold of the dialects whatever they are given.
package enum WireJudge {
  package enum Verdict: Equatable {
    case refused
    case taken
    case broken(String)
  }

  package static let clients: [Dialect] = [
    .openAIChat, .openAIResponses, .openAICompletions, .anthropic, .ollamaChat, .ollamaGenerate,
  ]
  package static let upstreams: [Dialect] = [.openAIChat, .anthropic, .gemini, .ollamaChat]

  /// A text that is taken reads the same a second time, and can be walked.
  package static func json(_ bytes: [UInt8]) -> Verdict {
    guard let document = try? JSONDocument(bytes) else { return .refused }
    var values = 0
    if let rule = walk(document.root, &values) { return .broken(rule) }
    let raw = Array(document.root.raw.bytes)
    guard let again = try? JSONDocument(raw), Array(again.root.raw.bytes) == raw else {
      return .broken("the value alone is not the value")
    }
    return .taken
  }

  private static func walk(_ json: JSON, _ values: inout Int) -> String? {
    values += 1
    switch json.kind {
    case .object:
      var keys: Set<String> = []
      for (key, value) in json.members {
        guard let key = key.string, keys.insert(key).inserted else { return "a key stands twice" }
        if let rule = walk(value, &values) { return rule }
      }
    case .array:
      for element in json.elements { if let rule = walk(element, &values) { return rule } }
    case .string: if json.string == nil { return "a string says nothing" }
    case .number: if json.number == nil { return "a number has no text" }
    case .boolean: if json.bool == nil { return "a Boolean is neither" }
    case .null: break
    }
    return nil
  }

  /// What is scanned is what is decoded, a patch changes the model alone, and what is written for an
  /// upstream is well-formed and on one line.
  package static func request(_ bytes: [UInt8], _ client: Dialect) -> Verdict {
    let scan = try? RequestScan(bytes, dialect: client)
    if let scan {
      let patched = scan.patched(model: "patched \"model\"", asksForUsage: true)
      guard let again = try? RequestScan(patched, dialect: client) else {
        return .broken("a patched body does not scan")
      }
      guard again.model == "patched \"model\"", again.isStream == scan.isStream,
        again.maxTokens == scan.maxTokens, again.features.images == scan.features.images
      else { return .broken("a patch changed more than the model") }
      let removed = scan.patched(removing: ["stream_options", "tools", "user"])
      guard let rest = try? JSONDocument.object(removed), rest["tools"] == nil,
        rest["model"]?.string == scan.model
      else { return .broken("a removal took more than the field") }
      if client == .openAIChat, scan.isStream, !again.includesUsage {
        return .broken("a patch did not ask for usage")
      }
    }
    guard let request = try? Translation.decode(bytes, from: client) else {
      return scan == nil ? .refused : .taken
    }
    if let scan, scan.model != request.model || scan.isStream != request.isStream {
      return .broken("what is scanned is not what is decoded")
    }
    for upstream in upstreams {
      let options = TranslationOptions(model: "m", losses: .drop)
      guard let result = try? Translation.encode(request, to: upstream, options) else { continue }
      if result.body.contains(0x0A) || result.body.contains(0x0D) {
        return .broken("a request for \(upstream.rawValue) has more than one line")
      }
      guard (try? JSONDocument.object(result.body)) != nil else {
        return .broken("a request for \(upstream.rawValue) is malformed")
      }
    }
    return .taken
  }

  /// An answer that is taken is well-formed for every client.
  package static func answer(_ bytes: [UInt8], _ upstream: Dialect) -> Verdict {
    var verdict = Verdict.refused
    for client in clients {
      let context = AnswerContext(now: 1_775_000_000)
      guard
        let answer = try? Translation.answer(bytes, from: upstream, to: client, context)
      else { continue }
      verdict = .taken
      guard (try? JSONDocument.object(answer.body, bounds: .answer)) != nil else {
        return .broken("an answer for \(client.rawValue) is malformed")
      }
    }
    let error = ErrorReader.read(status: 500, body: bytes, of: upstream.family)
    for family in [Dialect.Family.openAI, .anthropic, .ollama, .gemini] {
      guard (try? JSONDocument.object(ErrorShape.body(error, of: family))) != nil else {
        return .broken("an error is malformed")
      }
    }
    return verdict
  }

  /// Frames are the same however their bytes arrive.
  package static func split(_ bytes: [UInt8], _ framing: Dialect.Framing, piece: Int) -> Verdict {
    let whole = frames(bytes, framing, piece: bytes.count)
    guard whole == frames(bytes, framing, piece: piece) else {
      return .broken("pieces of \(piece) give other frames")
    }
    var end = 0
    for frame in whole {
      guard frame.place.lowerBound >= end, frame.place.upperBound <= bytes.count else {
        return .broken("frames overlap")
      }
      end = frame.place.upperBound
    }
    return whole.isEmpty ? .refused : .taken
  }

  private static func frames(
    _ bytes: [UInt8],
    _ framing: Dialect.Framing,
    piece: Int
  ) -> [StreamFrame] {
    var splitter = FrameSplitter(framing)
    var frames: [StreamFrame] = []
    var at = 0
    while at < bytes.count {
      let end = min(at + max(1, piece), bytes.count)
      frames += splitter.receive(bytes[at..<end]) ?? []
      at = end
    }
    if let last = splitter.end() { frames.append(last) }
    return frames
  }

  /// A stream is the same however it arrives, each of its frames is well-formed, and it ends in an
  /// end or in an error.
  package static func stream(
    _ bytes: [UInt8],
    _ upstream: Dialect,
    _ client: Dialect,
    piece: Int
  ) -> Verdict {
    guard let whole = run(bytes, upstream, client, piece: bytes.count),
      let split = run(bytes, upstream, client, piece: piece)
    else { return .broken("the pair has no translator") }
    guard whole.bytes == split.bytes, whole.state == split.state else {
      return .broken("pieces of \(piece) give another stream")
    }
    var splitter = FrameSplitter(client.framing)
    guard let frames = splitter.receive(whole.bytes[...]), splitter.end() == nil else {
      return .broken("what is written is not framed")
    }
    for frame in frames where !frame.data.elementsEqual("[DONE]".utf8) {
      // What is copied may hold half a surrogate pair, as the provider wrote it.
      guard (try? JSONDocument.object(Array(frame.data), bounds: .answer)) != nil else {
        return .broken("a frame for \(client.rawValue) is malformed")
      }
    }
    let isDone = frames.last?.data.elementsEqual("[DONE]".utf8) ?? false
    switch whole.state {
    case .open: return .broken("a stream is open after its end")
    case .failed where isDone: return .broken("a broken stream looks like a whole one")
    case .failed: return .refused
    case .complete: break
    }
    guard let watched = watch(bytes, upstream, hidesUsage: false, piece: piece) else {
      return .broken("the dialect has no tap")
    }
    guard case .complete = watched.state else {
      return .broken("a whole stream is taken for a broken one")
    }
    return .taken
  }

  /// A watched stream arrives as it was, however its bytes came; a broken one never looks whole.
  package static func tap(
    _ bytes: [UInt8],
    _ dialect: Dialect,
    hidesUsage: Bool,
    piece: Int
  ) -> Verdict {
    guard let whole = watch(bytes, dialect, hidesUsage: hidesUsage, piece: bytes.count),
      let split = watch(bytes, dialect, hidesUsage: hidesUsage, piece: piece)
    else { return .broken("the dialect has no tap") }
    guard whole.state == split.state else { return .broken("pieces of \(piece) end otherwise") }
    // Of a frame that is an error's end more or less may have been sent.
    if case .failed = whole.state {
    } else if whole.bytes != split.bytes {
      return .broken("pieces of \(piece) arrive otherwise")
    }
    switch whole.state {
    case .open: return .broken("a stream is open after its end")
    case .complete:
      if !hidesUsage, whole.bytes != bytes { return .broken("a whole stream is not what it was") }
      return .taken
    case .failed:
      var splitter = FrameSplitter(dialect.framing)
      let frames = splitter.receive(split.bytes[...]) ?? []
      let isOpenAI = dialect.family == .openAI
      if isOpenAI, frames.contains(where: { $0.data.starts(with: "[DONE]".utf8) }) {
        return .broken("a broken stream looks like a whole one")
      }
      return .refused
    }
  }

  private static func watch(
    _ bytes: [UInt8],
    _ dialect: Dialect,
    hidesUsage: Bool,
    piece: Int
  ) -> (bytes: [UInt8], state: StreamTranslator.State)? {
    guard var tap = StreamTap(dialect, hidesUsage: hidesUsage) else { return nil }
    var output: [UInt8] = []
    var at = 0
    while at < bytes.count {
      let end = min(at + max(1, piece), bytes.count)
      output += tap.receive(bytes[at..<end])
      at = end
    }
    output += tap.end()
    return (output, tap.state)
  }

  private static func run(
    _ bytes: [UInt8],
    _ upstream: Dialect,
    _ client: Dialect,
    piece: Int
  ) -> (bytes: [UInt8], state: StreamTranslator.State)? {
    var context = AnswerContext(now: 1_775_000_000)
    context.wantsUsage = true
    guard var stream = StreamTranslator(from: upstream, to: client, context: context) else {
      return nil
    }
    var output: [UInt8] = []
    var at = 0
    while at < bytes.count {
      let end = min(at + max(1, piece), bytes.count)
      output += stream.receive(bytes[at..<end])
      at = end
    }
    output += stream.end()
    return (output, stream.state)
  }
}
