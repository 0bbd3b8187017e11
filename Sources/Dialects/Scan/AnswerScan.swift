/// What a gateway must know of an answer that it passes on as it is.
package struct AnswerScan: Hashable, Sendable {
  package private(set) var usage: TokenUsage?
  package private(set) var stop: StopReason?
  /// An upper bound of the bytes of text that the model wrote: those of the whole answer.
  package let textBytes: Int

  /// - Throws: `ProviderError` if the body is no whole answer of this dialect, or is an error in spite
  ///   of its status.
  package init(_ body: [UInt8], dialect: Dialect) throws(ProviderError) {
    let root: JSON
    do throws(JSONError) {
      root = try JSONDocument.object(body, bounds: .answer)
    } catch { throw ProviderError(.upstream, "the answer is malformed") }
    if let error = root.present("error"), error.isObject || error.kind == .string {
      throw ErrorReader.read(error, of: dialect.family)
    }
    textBytes = body.count
    switch dialect {
    case .openAIChat, .openAICompletions:
      guard let choice = root["choices"]?.elements.first(where: { _ in true }) else {
        throw ProviderError(.upstream, "the answer has no choice")
      }
      stop = choice.present("finish_reason")?.string.map(OpenAIChat.stopReason)
      usage = root.present("usage").map(OpenAIChat.usage)
    case .openAIResponses:
      usage = root.present("usage").map(OpenAIResponses.usage)
      stop = root["status"]?.equals("incomplete") == true ? .maxTokens : .end
    case .anthropic:
      guard root["content"] != nil || root["input_tokens"] != nil else {
        throw ProviderError(.upstream, "the answer has no content")
      }
      stop = root.present("stop_reason")?.string.map(Anthropic.stopReason)
      usage = root.present("usage").map(Anthropic.usage)
    case .ollamaChat, .ollamaGenerate:
      guard root["done"]?.bool == true else { throw .truncated }
      stop = Ollama.stopReason(root["done_reason"]?.string, hasCalls: false)
      usage = Ollama.usage(root)
    case .gemini:
      let answer = try Gemini.decodeAnswer(root)
      stop = answer.stop
      usage = answer.usage
    case .openAIEmbeddings, .ollamaEmbed, .geminiEmbed:
      usage = Self.embeddingUsage(root)
    }
  }

  private static func embeddingUsage(_ root: JSON) -> TokenUsage? {
    if let usage = root.present("usage") { return OpenAIChat.usage(usage) }
    if let usage = root.present("usageMetadata") { return Gemini.usage(usage) }
    return Ollama.usage(root)
  }
}
