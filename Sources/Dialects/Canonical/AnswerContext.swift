/// What an answer says beside what the model wrote.
package struct AnswerContext: Hashable, Sendable {
  /// The name of the model as the client is to read it; nil keeps the upstream's.
  package var model: String?
  /// A name for answers of dialects that name none, unique for each.
  package var id: String
  /// Seconds since 1970, for dialects that date their answers.
  package var now: Int
  /// Whether the client asked for usage at the end of a stream.
  package var wantsUsage: Bool
  /// The request, which answers of the Responses API repeat.
  package var request: ChatRequest?

  package init(
    model: String? = nil,
    id: String = "answer",
    now: Int,
    wantsUsage: Bool = false,
    request: ChatRequest? = nil
  ) {
    self.model = model
    self.id = id
    self.now = now
    self.wantsUsage = wantsUsage
    self.request = request
  }
}

extension AnswerContext {
  /// The moment of the answer as RFC 3339 writes it.
  package var timestamp: String {
    let seconds = min(max(now, 0), 253_402_300_799)
    let (days, second) = seconds.quotientAndRemainder(dividingBy: 86400)
    // Days are counted in eras of 400 years that begin on the first of March.
    let shifted = days + 719_468
    let (era, dayOfEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let part = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * part + 2) / 5 + 1
    let month = part < 10 ? part + 3 : part - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let date = "\(year)-\(two(month))-\(two(day))"
    return "\(date)T\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))Z"
  }
}
