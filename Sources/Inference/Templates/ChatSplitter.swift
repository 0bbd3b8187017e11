/// Parts what a model writes into thinking, text and calls of tools while it writes.
///
/// A marker is never given out in part: bytes that may be the beginning of one are held back until it
/// is clear. A call is given out whole, as the JSON between its markers.
package struct ChatSplitter: Sendable {
  package enum Event: Sendable, Equatable {
    case thinking(String)
    case text(String)
    /// What stands between the markers, with the begin where that is part of the JSON.
    case call(String)
  }

  private enum Place { case thinking, text, call }

  private let markup: ChatMarkup
  private var place: Place
  private var held: [UInt8] = []
  /// White space behind thinking and calls belongs to the markers.
  private var skipsSpace = false

  package init(_ markup: ChatMarkup) {
    self.markup = markup
    place = markup.startsThinking && markup.thinking != nil ? .thinking : .text
  }

  /// What is clear after more text. The text must not end inside a character.
  package mutating func push(_ text: String) -> [Event] {
    held += Array(text.utf8)
    var events: [Event] = []
    while let event = next() { if let event = event.value { append(event, to: &events) } }
    return events
  }

  /// What was held back, at the end of the answer.
  package mutating func finish() -> [Event] {
    var events: [Event] = []
    if !held.isEmpty { append(make(held), to: &events) }
    held = []
    return events
  }

  /// One step: nil where more text is needed.
  private mutating func next() -> (value: Event?, Void)? {
    if skipsSpace {
      let count = held.prefix { $0 == 0x0A || $0 == 0x20 }.count
      held.removeFirst(count)
      if held.isEmpty { return nil }
      skipsSpace = false
    }
    guard !held.isEmpty else { return nil }
    let markers: [(text: String, then: Place)]
    switch place {
    case .thinking: markers = [(markup.thinking?.end ?? "", .text)]
    case .text:
      markers = [(markup.thinking?.begin ?? "", .thinking), (markup.call?.begin ?? "", .call)]
    case .call: markers = [(markup.call?.end ?? "", .text)]
    }
    let text = TemplateText(bytes: held)
    var first: (place: Int, length: Int, then: Place)? = nil
    for marker in markers where !marker.text.isEmpty {
      let bytes = Array(marker.text.utf8)
      guard let found = text.find(bytes), found < first?.place ?? .max else { continue }
      first = (found, bytes.count, marker.then)
    }
    if let first {
      let before = Array(held[..<first.place])
      // A begin that is JSON itself stays with the call.
      let keeps = first.then == .call && markup.call?.begin.hasPrefix("{") == true
      held.removeFirst(first.place + (keeps ? 0 : first.length))
      let event = before.isEmpty ? nil : make(before)
      place = first.then
      skipsSpace = !keeps
      return (event, ())
    }
    if place == .call { return nil }
    // The longest end that may be the beginning of a marker waits.
    var waits = 0
    for marker in markers {
      let bytes = Array(marker.text.utf8)
      for length in stride(from: min(bytes.count - 1, held.count), to: waits, by: -1)
      where held.suffix(length).elementsEqual(bytes.prefix(length)) {
        waits = length
        break
      }
    }
    guard held.count > waits else { return nil }
    let clear = Array(held[..<(held.count - waits)])
    held.removeFirst(clear.count)
    return (make(clear), ())
  }

  private func make(_ bytes: [UInt8]) -> Event {
    let text = String(decoding: bytes, as: UTF8.self)
    switch place {
    case .thinking: return .thinking(text)
    case .text: return .text(text)
    case .call:
      return .call(TemplateText(bytes: bytes).trimmed().string)
    }
  }

  private func append(_ event: Event, to events: inout [Event]) {
    switch (events.last, event) {
    case (.text(let one)?, .text(let more)): events[events.count - 1] = .text(one + more)
    case (.thinking(let one)?, .thinking(let more)):
      events[events.count - 1] = .thinking(one + more)
    default: events.append(event)
    }
  }
}
