extension TemplateValue {
  /// What JSON says, as a template sees it. A whole number beyond 64 bits becomes a real one.
  package init(_ json: JSONValue) {
    switch json {
    case .null: self = .none
    case .flag(let flag): self = .flag(flag)
    case .number(let text):
      if let whole = Int(text) { self = .integer(whole) } else { self = .real(Double(text) ?? 0) }
    case .text(let text): self = .text(TemplateText(text))
    case .list(let items): self = .list(items.map { TemplateValue($0) })
    case .object(let members):
      self = .dictionary(members.map { ($0.name, TemplateValue($0.value)) })
    }
  }
}
