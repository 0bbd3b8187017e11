/// What an answer says beside what the model wrote.
package struct AnswerContext: Hashable, Sendable {
  /// The name of the model as the client is to read it; nil keeps the upstream's.
  package var model: String?
  /// Seconds since 1970, for dialects that date their answers.
  package var now: Int
  /// Whether the client asked for usage at the end of a stream.
  package var wantsUsage: Bool
  /// The request, which answers of the Responses API repeat.
  package var request: ChatRequest?

  package init(
    model: String? = nil,
    now: Int,
    wantsUsage: Bool = false,
    request: ChatRequest? = nil
  ) {
    self.model = model
    self.now = now
    self.wantsUsage = wantsUsage
    self.request = request
  }
}
