import Glibc

/// A model that answers: several requests at a time, on a thread of its own.
///
/// With weights of one and two bits, what is computed for one answer does not depend on the others
/// that share its steps. Kernels of all other types sum steps of fewer than four tokens in another
/// order than longer ones, so that company changes the last bits of logits, and rarely a choice.
/// A request with a seed gives the same text again when it is alone, whatever is known of its prompt:
/// what an earlier answer was written with, a token at a time, is then computed anew, and how a prompt
/// is cut into steps does not show.
///
/// Each step takes one token of every answer that is being written and a chunk of the prompts that
/// wait, as many as take a moment on this machine (`StepPace`). An idle engine sleeps. Dropping the
/// engine ends its answers and waits for the layer that is under way, and so does cancelling the only
/// answer; one among others ends with the step.
package final class Engine: Sendable {
  package let model: Model
  package let memory: MemoryPlan
  package let contextLength: Int
  private let limits: EngineLimits
  private let mailbox: Mailbox
  private let thread: pthread_t

  package init(model: Model, text: TokenText, options: EngineOptions) throws(EngineError) {
    self.model = model
    memory = try MemoryPlan(model: model, options: options)
    limits = try EngineLimits(options, model: model)
    contextLength = limits.contextLength
    mailbox = Mailbox(queueLimit: options.queueLimit)
    let loop: EngineLoop
    do {
      loop = try EngineLoop(
        model: model,
        text: text,
        options: options,
        limits: limits,
        mailbox: mailbox
      )
    } catch {
      throw .model(error)
    }
    var thread = pthread_t()
    let handed = Unmanaged.passRetained(loop)
    let code = pthread_create(
      &thread,
      nil,
      { argument in
        if let argument { Unmanaged<EngineLoop>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      },
      handed.toOpaque()
    )
    guard code == 0 else {
      handed.release()
      throw .noThread(code: code)
    }
    self.thread = thread
  }

  deinit {
    mailbox.stop()
    // The last reference may go on the engine's own thread, which cannot wait for itself.
    if pthread_equal(pthread_self(), thread) == 0 {
      pthread_join(thread, nil)
    } else {
      pthread_detach(thread)
    }
  }

  /// Queues a request; its events begin when a place is free.
  package func generate(_ request: GenerationRequest) throws(EngineError) -> Generation {
    if let error = request.objection(limits: limits, shape: model.shape) { throw error }
    let (events, continuation) = AsyncStream.makeStream(of: GenerationEvent.self)
    let id = try mailbox.post(request, continuation)
    let mailbox = mailbox
    continuation.onTermination = { end in
      if case .cancelled = end { mailbox.cancel(id) }
    }
    return Generation(id: id, events: events, mailbox: mailbox)
  }

  package var status: EngineStatus { mailbox.status }
}
