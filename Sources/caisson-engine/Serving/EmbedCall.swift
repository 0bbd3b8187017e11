import Dialects
import Inference

/// Texts turned into vectors.
struct EmbedCall {
  let room: ModelRoom
  let request: EmbeddingRequest

  init(room: ModelRoom, body: [UInt8]) throws(ProviderError) {
    self.room = room
    do throws(RequestError) {
      request = try EmbeddingRequest.decode(body, from: .ollamaEmbed)
    } catch { throw ProviderError(error) }
  }

  func run(_ writer: AnswerWriter) async throws {
    let keepAlive = try request.rest["keep_alive"]?.json.map { try KeepAlive($0) }
    let settings = try room.settings(request.model)
    let loan = try await room.borrow(settings, context: nil)
    do {
      try await answer(loan, writer)
    } catch {
      await room.giveBack(loan.model, keepAlive: keepAlive)
      throw error
    }
    await room.giveBack(loan.model, keepAlive: keepAlive)
  }

  private func answer(_ loan: ModelRoom.Loan, _ writer: AnswerWriter) async throws {
    guard case .sentences(let model) = loan.model else {
      throw ProviderError(
        .invalidRequest,
        "the model '\(loan.model.name)' writes, and gives no vectors"
      )
    }
    if let dimensions = request.dimensions, dimensions != model.encoder.width {
      throw ProviderError(
        .invalidRequest,
        "the model '\(model.name)' gives vectors of \(model.encoder.width) numbers, not \(dimensions)"
      )
    }
    let began = ContinuousClock.now
    let mayCut = request.rest["truncate"]?.json?.bool == true
    var tokens = 0
    for (place, text) in request.inputs.enumerated() {
      // One more than fits tells that something would be cut off.
      let count = model.encoder.tokenizer.encode(text, limit: SentenceModel.limit + 1).count
      guard count <= SentenceModel.limit || mayCut else {
        throw ProviderError(
          .contextLength,
          "text \(place + 1) has more than the \(SentenceModel.limit) tokens that the model "
            + "'\(model.name)' reads; shorten it, or send truncate: true"
        )
      }
      tokens += min(count, SentenceModel.limit)
    }
    let inputs = request.inputs
    // Computed apart from where others wait.
    let vectors = await Task.detached { model.encoder.embed(inputs) }.value
    let seconds = (ContinuousClock.now - began).inSeconds
    try await writer.answer(
      JSONWriter.object(capacity: 8192 * vectors.count) { json in
        json.string("model", request.model)
        json.array("embeddings") { array in
          for vector in vectors {
            array.array { array in
              for value in vector {
                if let number = try? RawJSON(parsing: "\(value)") { array.raw(number) }
              }
            }
          }
        }
        json.int("total_duration", Int((seconds + loan.loading) * 1e9))
        json.int("load_duration", Int(loan.loading * 1e9))
        json.int("prompt_eval_count", tokens)
      }
    )
  }
}
