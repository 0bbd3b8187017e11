/// Where in one segment the last record of each call is whose answer is over.
///
/// A finished answer costs twelve bytes of memory: there may be hundreds of thousands.
struct CallPlaces {
  /// Those that a closed segment has, in the form in which its index holds them.
  private(set) var closed: Table
  /// Those that came since.
  private(set) var recent: [CallNumber: UInt32]

  subscript(call: CallNumber) -> UInt32? {
    get { recent[call] ?? closed[call] }
    set { recent[call] = newValue }
  }

  init(closed: Table = Table(), recent: [CallNumber: UInt32] = [:]) {
    self.closed = closed
    self.recent = recent
  }

  /// Calls in ascending order, each with an offset.
  struct Table: Equatable {
    private(set) var calls: [CallNumber] = []
    private(set) var offsets: [UInt32] = []

    init() {}

    init(_ places: [(call: CallNumber, offset: UInt32)]) {
      let sorted = places.sorted { $0.call < $1.call }
      calls = sorted.map(\.call)
      offsets = sorted.map(\.offset)
    }

    /// Nil where the calls do not ascend.
    init?(calls: [CallNumber], offsets: [UInt32]) {
      guard calls.count == offsets.count, zip(calls, calls.dropFirst()).allSatisfy(<)
      else { return nil }
      self.calls = calls
      self.offsets = offsets
    }

    subscript(call: CallNumber) -> UInt32? {
      var (low, high) = (0, calls.count)
      while low < high {
        let middle = (low + high) / 2
        if calls[middle] < call { low = middle + 1 } else { high = middle }
      }
      return low < calls.count && calls[low] == call ? offsets[low] : nil
    }
  }
}
