import Catalogue
import Dialects
import Journal
import Policy

/// What becomes of the money that was held back for an attempt.
enum CallSettlement: Equatable {
  case charge(CallCharge)
  /// It certainly was not billed.
  case release(outcome: String)
  /// Nobody knows: charged at its ceiling.
  case unknown(outcome: String)
}

/// What an attempt used, as far as its answer told.
struct ObservedUse: Equatable {
  /// The provider's own count, complete only with a whole answer.
  var usage: TokenUsage?
  /// Bytes of text that came, which bound its tokens from above.
  var textBytes = 0
  /// Whether the provider said all that it had to say.
  var isWhole = false

  /// Tokens that a provider may have made and that had not come when the answer was broken off:
  /// what fits between it and here. A rate of 100 a second makes them in ten seconds.
  static let tokensUnderWay = 1024
}

/// The arithmetic of settling: values in, values out.
struct CallAccounting {
  let configuration: GatewayConfiguration
  let model: ModelEntry
  let bound: RequestBound
  /// What was held back.
  var ceiling: Money

  /// What an attempt costs whose answer has begun.
  func settle(_ use: ObservedUse, outcome: String) -> CallSettlement {
    var use = use
    if let usage = use.usage, !isPossible(usage) {
      use.usage = nil
    } else if use.isWhole, let usage = use.usage, isComplete(usage, use) {
      return charge(Self.units(of: usage), basis: "usage", outcome)
    }
    // Thoughts that are not shown are charged and cannot be counted.
    guard !model.capabilities.contains(.reasoning), let counted = counted(use) else {
      return .unknown(outcome: outcome)
    }
    return charge(counted, basis: "counted", outcome)
  }

  /// Whether a count can be one of this call: providers count more than we do, but not many times more
  /// than the model holds.
  private func isPossible(_ usage: TokenUsage) -> Bool {
    let window = model.limits.context ?? 10_000_000
    let input = max(window, (try? bound.inputBound(model.limits)) ?? 0)
    let output = max(model.limits.output ?? window, (try? bound.outputBound(model.limits)) ?? 0)
    return usage.totalInput / 4 <= input && usage.output / 4 <= output
  }

  /// Whether a count says what was used at all: there is no call without input, and no text without
  /// output.
  private func isComplete(_ usage: TokenUsage, _ use: ObservedUse) -> Bool {
    usage.totalInput > 0 && (usage.output > 0 || use.textBytes == 0 || bound.outputTokens == 0)
  }

  /// An upper bound, from what the stream itself showed.
  private func counted(_ use: ObservedUse) -> Usage? {
    var units: Usage
    if let usage = use.usage {
      units = Self.units(of: usage)
    } else {
      guard let input = try? bound.inputBound(model.limits) else { return nil }
      units = Usage(inputTokens: input)
    }
    let shown = max(use.usage?.output ?? 0, use.textBytes)
    var output = use.isWhole ? shown : shown.addingOrMost(ObservedUse.tokensUnderWay)
    if let most = try? bound.outputBound(model.limits) { output = min(output, most) }
    units.outputTokens = output
    units.reasoningTokens = 0
    units.audioOutputTokens = 0
    return bound.speaks ? nil : units
  }

  private func charge(_ units: Usage, basis: String, _ outcome: String) -> CallSettlement {
    let used = Self.ledgerUsage(units)
    guard let cost = try? configuration.settlement(for: model, usage: units, mode: bound.mode)
    else {
      // Something was used that has no price. Where money is not counted it costs nothing; where it
      // is, what was held back is what it cost.
      return .charge(
        CallCharge(
          amount: ceiling.picoDollars,
          basis: ceiling == .zero ? "unpriced" : "ceiling",
          used: used,
          outcome: outcome
        )
      )
    }
    let isCounted = basis == "counted"
    let amount = isCounted ? min(cost.amount, ceiling) : cost.amount
    return .charge(
      CallCharge(
        amount: amount.picoDollars,
        basis: basis,
        used: used,
        outcome: outcome,
        beyond: amount > ceiling
      )
    )
  }

  /// Each token in one class: classes of the answer overlap as providers give them.
  static func units(of usage: TokenUsage) -> Usage {
    let audioInput = min(usage.inputAudio, usage.input)
    let audioOutput = min(usage.outputAudio, usage.output)
    let reasoning = min(usage.reasoning, usage.output - audioOutput)
    return Usage(
      inputTokens: usage.input - audioInput,
      cacheReadTokens: usage.cacheRead,
      cacheWriteTokens: usage.cacheWrite5m,
      cacheWriteHourTokens: usage.cacheWrite1h,
      audioInputTokens: audioInput,
      outputTokens: usage.output - reasoning - audioOutput,
      reasoningTokens: reasoning,
      audioOutputTokens: audioOutput
    )
  }

  static func ledgerUsage(_ units: Usage) -> CallUsage {
    var used = CallUsage()
    used[.input] = Int64(units.inputTokens)
    used[.cacheRead] = Int64(units.cacheReadTokens)
    used[.cacheWrite] = Int64(units.cacheWriteTokens)
    used[.cacheWriteHour] = Int64(units.cacheWriteHourTokens)
    used[.audioInput] = Int64(units.audioInputTokens)
    used[.output] = Int64(units.outputTokens)
    used[.reasoning] = Int64(units.reasoningTokens)
    used[.audioOutput] = Int64(units.audioOutputTokens)
    used[.requests] = Int64(units.requests)
    return used
  }
}

extension Int {
  fileprivate func addingOrMost(_ other: Int) -> Int {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? .max : sum
  }
}
