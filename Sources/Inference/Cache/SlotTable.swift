/// Which sequence lies in which slot of the cache, what is known there already, and what has to go.
///
/// Ended answers are kept until their place is needed, the longest unused first, so that a request
/// that begins as an earlier one did starts where the two part. Decides only; moves nothing.
struct SlotTable {
  /// Where a request goes.
  struct Assignment: Equatable {
    var slot: Int
    /// Positions of the prompt that need not be computed.
    var reused: Int
    /// Whose first `reused` positions are to be copied; nil if they are there, or there are none.
    var source: Int?
    /// Slots whose memory is to be given back first.
    var evicted: [Int]
  }

  private struct Slot {
    /// Tokens whose keys and values are stored.
    var tokens: [Int32] = []
    /// How many of them, from the start, went through the model as a prompt does.
    var prefilled = 0
    var isActive = false
    /// Positions promised to the answer.
    var reserved = 0
    /// Positions ever written since the slot was emptied.
    var touched = 0
    var lastUse: UInt64 = 0

    var positions: Int { isActive ? max(reserved, touched) : touched }
  }

  private var slots: [Slot]
  private let capacity: Int
  private let parallel: Int
  private var clock: UInt64 = 0

  /// - Parameter capacity: positions of all slots together.
  init(parallel: Int, capacity: Int) {
    self.parallel = parallel
    self.capacity = capacity
    // As many again, so that each answer's conversation can be kept while others are written.
    slots = [Slot](repeating: Slot(), count: 2 * parallel)
  }

  var count: Int { slots.count }
  var active: Int { slots.count { $0.isActive } }
  /// Positions that hold memory.
  var touched: Int { slots.reduce(0) { $0 + $1.touched } }

  func tokens(_ slot: Int) -> [Int32] { slots[slot].tokens }

  /// A slot for a prompt and its answer; nil while others have to end first.
  ///
  /// - Parameters:
  ///   - need: positions that prompt and answer take at most.
  ///   - exact: only what has the same bits as if it were computed anew: what was part of a prompt,
  ///     and so that enough of this one is left to be computed as a prompt is (`StepPlan.least`).
  mutating func assign(prompt: [Int32], need: Int, exact: Bool = false) -> Assignment? {
    guard active < parallel else { return nil }
    let known = slots.indices.map { index in
      let common = common(prompt, slots[index].tokens)
      let equal = max(0, min(common, slots[index].prefilled, prompt.count - StepPlan.least))
      return (slot: index, common: exact ? equal : common)
    }
    let source = known.filter { $0.common > 0 }.max {
      ($0.common, slots[$0.slot].isActive ? 0 : 1) < ($1.common, slots[$1.slot].isActive ? 0 : 1)
    }
    var plans: [Assignment] = []
    let isIdle = source.map { !slots[$0.slot].isActive } ?? false
    if let source, isIdle {
      let there = Assignment(slot: source.slot, reused: source.common, source: nil, evicted: [])
      // What would be lost of the kept sequence is less than what is used of it.
      if source.common * 2 >= slots[source.slot].tokens.count { plans.append(there) }
      if let free = spare(except: source.slot) { plans.append(copy(source, to: free)) }
      plans.append(there)
    } else if let source, let free = spare(except: nil) {
      plans.append(copy(source, to: free))
    }
    if let free = spare(except: nil) {
      plans.append(Assignment(slot: free, reused: 0, source: nil, evicted: []))
    }
    for plan in plans {
      guard let assignment = fitted(plan, need: need) else { continue }
      take(assignment, prompt: prompt, need: need)
      return assignment
    }
    return nil
  }

  /// Notes tokens whose keys and values were stored.
  ///
  /// - Parameter asPrompt: they were part of a prompt, and not the end of one that is too short.
  mutating func store(_ tokens: ArraySlice<Int32>, in slot: Int, asPrompt: Bool = true) {
    if asPrompt, slots[slot].prefilled == slots[slot].tokens.count {
      slots[slot].prefilled += tokens.count
    }
    slots[slot].tokens += tokens
    slots[slot].touched = max(slots[slot].touched, slots[slot].tokens.count)
  }

  /// Notes that so many positions, from the start, are about to be written to.
  mutating func touch(_ positions: Int, in slot: Int) {
    slots[slot].touched = max(slots[slot].touched, positions)
  }

  /// The answer ended; what is stored stays for others to begin with.
  mutating func release(_ slot: Int) {
    clock += 1
    slots[slot].isActive = false
    slots[slot].reserved = 0
    slots[slot].lastUse = clock
  }

  /// Forgets a slot.
  mutating func empty(_ slot: Int) {
    slots[slot] = Slot()
  }

  private func copy(_ source: (slot: Int, common: Int), to slot: Int) -> Assignment {
    Assignment(slot: slot, reused: source.common, source: source.slot, evicted: [])
  }

  /// Positions that two sequences share from the start, but for the prompt's last, which is computed
  /// always because its logits are wanted.
  private func common(_ prompt: [Int32], _ kept: [Int32]) -> Int {
    let most = min(prompt.count - 1, kept.count)
    return (0..<max(0, most)).first { prompt[$0] != kept[$0] } ?? max(0, most)
  }

  /// An idle slot: an empty one, or the one that was used least lately.
  private func spare(except: Int?) -> Int? {
    slots.indices.filter { !slots[$0].isActive && $0 != except }.min {
      (slots[$0].touched > 0 ? 1 : 0, slots[$0].lastUse)
        < (slots[$1].touched > 0 ? 1 : 0, slots[$1].lastUse)
    }
  }

  /// The plan with the slots that have to go for it; nil if all of them together are not enough.
  private func fitted(_ plan: Assignment, need: Int) -> Assignment? {
    var plan = plan
    let isInPlace = plan.reused > 0 && plan.source == nil
    if !isInPlace, slots[plan.slot].touched > 0 { plan.evicted.append(plan.slot) }
    var sum = max(need, isInPlace ? slots[plan.slot].touched : 0)
    for index in slots.indices where index != plan.slot { sum += slots[index].positions }
    let idle = slots.indices.filter {
      !slots[$0].isActive && slots[$0].touched > 0 && $0 != plan.slot && $0 != plan.source
    }
    for index in idle.sorted(by: { slots[$0].lastUse < slots[$1].lastUse }) where sum > capacity {
      plan.evicted.append(index)
      sum -= slots[index].touched
    }
    return sum <= capacity ? plan : nil
  }

  private mutating func take(_ plan: Assignment, prompt: [Int32], need: Int) {
    clock += 1
    for index in plan.evicted { slots[index] = Slot() }
    if let source = plan.source { slots[source].lastUse = clock }
    let prefilled = slots[plan.source ?? plan.slot].prefilled
    slots[plan.slot].prefilled = min(prefilled, plan.reused)
    slots[plan.slot].tokens = Array(prompt[..<plan.reused])
    slots[plan.slot].touched = max(slots[plan.slot].touched, plan.reused)
    slots[plan.slot].isActive = true
    slots[plan.slot].reserved = need
  }
}
