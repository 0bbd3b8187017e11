/// The work of an engine, on its own thread: takes requests, steps, tells what came of it.
///
/// Made by one thread and handed to the one that runs it; never shared.
final class EngineLoop {
  private let forward: Forward
  private let text: TokenText
  private let limits: EngineLimits
  private let mailbox: Mailbox
  private var slots: SlotTable
  private var waiting: [Mailbox.Letter] = []
  private var answers: [Answer] = []
  private var status: EngineStatus
  private var pace = StepPace()

  init(
    model: Model,
    text: TokenText,
    options: EngineOptions,
    limits: EngineLimits,
    mailbox: Mailbox
  ) throws(ModelError) {
    self.text = text
    self.limits = limits
    self.mailbox = mailbox
    slots = SlotTable(parallel: limits.parallel, capacity: limits.positions)
    let cache = KVCache(layout: limits.layout(model.shape), slots: slots.count)
    forward = try Forward(
      weights: model.weights,
      shape: model.shape,
      cache: cache,
      team: Team(threads: options.threads),
      columns: limits.columns,
      outputs: limits.parallel
    )
    status = EngineStatus()
    status.places = limits.parallel
    mailbox.tell(status, waiting: 0)
  }

  /// Works until the engine is stopped; asleep while there is nothing to do.
  func run() {
    while true {
      let mail = mailbox.next(waits: answers.isEmpty && waiting.isEmpty)
      waiting += mail.letters
      if mail.isStopping { return endAll() }
      if !mail.cancelled.isEmpty { cancel(mail.cancelled) }
      admit()
      if !answers.isEmpty { step() }
      tell()
    }
  }

  private func endAll() {
    let all = Set(answers.map(\.id)).union(waiting.map(\.id))
    cancel(all)
    tell()
  }

  private func cancel(_ ids: Set<UInt64>) {
    for letter in waiting where ids.contains(letter.id) { refuse(letter, .cancelled) }
    waiting.removeAll { ids.contains($0.id) }
    end { ids.contains($0.id) ? .cancelled : nil }
  }

  /// Ends a request that never began.
  private func refuse(_ letter: Mailbox.Letter, _ reason: GenerationEnd.Reason) {
    let waited = monotonicSeconds() - letter.posted
    letter.events.yield(
      .ended(
        GenerationEnd(
          reason: reason,
          promptTokens: letter.request.prompt.count,
          reusedTokens: 0,
          generatedTokens: 0,
          queued: waited,
          untilFirst: waited,
          total: waited
        )
      )
    )
    letter.events.finish()
  }

  /// Gives places to requests in the order that they came in.
  private func admit() {
    while let letter = waiting.first {
      let request = letter.request
      let allowance = request.allowance(contextLength: limits.contextLength)
      if allowance == 0 {
        // Nothing is to be written: no kept sequence has to go for it.
        waiting.removeFirst()
        refuse(letter, .length)
        continue
      }
      guard
        let place = slots.assign(
          prompt: request.prompt,
          need: request.prompt.count + allowance,
          exact: request.sampling.seed != nil
        )
      else { return }
      waiting.removeFirst()
      for slot in place.evicted { forward.cache.empty(slot) }
      guard forward.cache.open(place.slot) else {
        slots.empty(place.slot)
        refuse(letter, .failed("\(ModelError.noMemory(bytes: forward.cache.layout.slotSize))"))
        continue
      }
      if let source = place.source {
        forward.cache.copy(place.reused, from: source, to: place.slot)
      }
      status.reusedTokens += UInt64(place.reused)
      answers.append(
        Answer(
          letter,
          slot: place.slot,
          reused: place.reused,
          contextLength: limits.contextLength
        )
      )
    }
  }

  private func step() {
    let tokens = StepPlan.tokens(
      left: answers.map(\.left),
      chunk: pace.chunk(atMost: limits.chunk),
      sharedChunk: pace.chunk(atMost: limits.sharedChunk)
    )
    var runs: [Run] = []
    var order: [Int] = []
    for (index, count) in tokens.enumerated() where count > 0 {
      let answer = answers[index]
      let wanted: Run.Wanted = answer.left > count ? .none : .last
      runs.append(
        Run(
          slot: answer.slot,
          position: answer.stored,
          tokens: answer.next(count),
          wanted: wanted
        )
      )
      order.append(index)
      slots.touch(answer.stored + count, in: answer.slot)
    }
    let ids = Set(order.map { answers[$0].id })
    let start = monotonicSeconds()
    // Answers that nobody waits for any more end with the next mail.
    guard var logits = forward.step(runs, isOver: { mailbox.ends(ids) }) else { return }
    pace.note(
      tokens: tokens.reduce(0, +),
      seconds: monotonicSeconds() - start,
      hasPrompt: answers.contains { $0.left > 0 }
    )
    var reasons: [UInt64: GenerationEnd.Reason] = [:]
    for (run, index) in zip(runs, order) {
      if answers[index].left > 0 { status.promptTokens += UInt64(run.tokens.count) }
      slots.store(run.tokens, in: run.slot, asPrompt: run.tokens.count >= StepPlan.least)
      answers[index].stored += run.tokens.count
      guard run.wanted == .last else { continue }
      reasons[answers[index].id] = write(index, logits)
      logits += forward.shape.vocabulary
    }
    status.steps += 1
    if !reasons.isEmpty { end { reasons[$0.id] } }
  }

  /// Chooses and tells the next token of an answer; gives the reason if it ends.
  private func write(
    _ index: Int,
    _ logits: UnsafeMutablePointer<Float>
  ) -> GenerationEnd.Reason? {
    let row = UnsafeMutableBufferPointer(start: logits, count: forward.shape.vocabulary)
    let constraint = answers[index].request.constraint
    let left = answers[index].allowance - answers[index].generated.count - 1
    guard
      let choice = answers[index].sampler.choose(from: row, constraint: constraint, left: left)
    else {
      return .failed(
        constraint == nil
          ? "the model computed no numbers; its file is damaged"
          : "the grammar allows no token here; simplify the schema"
      )
    }
    status.generatedTokens += 1
    return answers[index].take(choice, text: text)
  }

  /// Ends the answers that have a reason to.
  private func end(_ reason: (Answer) -> GenerationEnd.Reason?) {
    answers.removeAll { answer in
      guard let reason = reason(answer) else { return false }
      var answer = answer
      answer.end(reason)
      slots.release(answer.slot)
      return true
    }
  }

  private func tell() {
    status.active = answers.count
    status.waiting = waiting.count
    status.places = limits.parallel - answers.count
    status.cachedPositions = slots.touched
    status.cachedBytes = slots.touched * forward.cache.layout.positionSize
    mailbox.tell(status, waiting: waiting.count)
  }
}
