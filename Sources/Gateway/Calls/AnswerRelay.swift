import Dialects

/// An answer on its way from the upstream to the client: bytes in, bytes out, and what it used.
struct AnswerRelay {
  private enum Form {
    /// A stream in the client's own dialect.
    case tap(StreamTap)
    case translated(StreamTranslator)
    /// A body that is passed on when it is whole.
    case gathering([UInt8])
  }

  private var form: Form
  private let plan: UpstreamPlan
  private let client: Dialect
  private let context: AnswerContext
  private(set) var failure: ProviderError?
  private(set) var use = ObservedUse()
  /// Larger than any answer but films, which come by address.
  private static let largestBody = 64 << 20

  init(_ plan: UpstreamPlan, client: Dialect, isStream: Bool, context: AnswerContext) {
    self.plan = plan
    self.client = client
    self.context = context
    form = .gathering([])
    guard isStream else { return }
    if plan.isTranslated {
      if let translator = StreamTranslator(from: plan.dialect, to: client, context: context) {
        form = .translated(translator)
      }
    } else if let tap = StreamTap(plan.dialect, hidesUsage: !context.wantsUsage) {
      form = .tap(tap)
    }
  }

  /// What the client is to be sent for these bytes.
  mutating func receive(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    switch form {
    case .tap(var tap):
      form = .gathering([])
      let output = tap.receive(bytes)
      form = .tap(tap)
      look(at: tap)
      return output
    case .translated(var translator):
      form = .gathering([])
      let output = translator.receive(bytes)
      form = .translated(translator)
      look(at: translator)
      return output[...]
    case .gathering(var body):
      form = .gathering([])
      if body.count + bytes.count > Self.largestBody {
        failure = ProviderError(.upstream, "the answer is too long")
      } else {
        body.append(contentsOf: bytes)
      }
      form = .gathering(body)
      return []
    }
  }

  /// What the client is to be sent at the end of the upstream's bytes; a failure is in ``failure``.
  mutating func end() -> ArraySlice<UInt8> {
    switch form {
    case .tap(var tap):
      let output = tap.end()
      form = .tap(tap)
      look(at: tap)
      return output[...]
    case .translated(var translator):
      let output = translator.end()
      form = .translated(translator)
      look(at: translator)
      return output[...]
    case .gathering(let body):
      do throws(ProviderError) {
        return try whole(body)[...]
      } catch {
        failure = failure ?? error
        return []
      }
    }
  }

  /// What the client is to be sent because the answer is broken off here.
  mutating func breakOff(_ error: ProviderError) -> [UInt8] {
    failure = failure ?? error
    switch form {
    case .tap(var tap):
      let output = tap.fail(error)
      form = .tap(tap)
      return output
    case .translated(var translator):
      let output = translator.fail(error)
      form = .translated(translator)
      return output
    case .gathering: return []
    }
  }

  private mutating func look(at tap: StreamTap) {
    note(tap.state, tap.usage, tap.textBytes)
  }

  private mutating func look(at translator: StreamTranslator) {
    note(translator.state, translator.usage, translator.textBytes)
  }

  private mutating func note(
    _ state: StreamTranslator.State,
    _ usage: TokenUsage?,
    _ textBytes: Int
  ) {
    use.usage = usage
    use.textBytes = textBytes
    switch state {
    case .open: break
    case .complete: use.isWhole = true
    case .failed(let error): failure = error
    }
  }

  /// Checks a whole body, and says it in the client's words.
  private mutating func whole(_ body: [UInt8]) throws(ProviderError) -> [UInt8] {
    switch plan.kind {
    case .same:
      let scan = try AnswerScan(body, dialect: plan.dialect)
      use = ObservedUse(usage: scan.usage, textBytes: scan.textBytes, isWhole: true)
      return body
    case .chat:
      let answer = try Translation.answer(body, from: plan.dialect, to: client, context)
      use = ObservedUse(usage: answer.usage, textBytes: answer.textBytes, isWhole: true)
      return answer.body
    case .embedding(let request):
      let answer = try EmbeddingAnswer.decode(body, from: plan.dialect)
      use = ObservedUse(usage: answer.usage, textBytes: 0, isWhole: true)
      return answer.encode(to: client, for: request, context)
    }
  }
}
