/// The variables of one block: a loop's pass, a macro's call, a template.
///
/// Reading looks outward; setting stays here, so that what a loop sets is gone with its pass.
final class TemplateScope {
  private var names: [Int] = []
  private var values: [TemplateValue] = []
  private let parent: TemplateScope?

  init(parent: TemplateScope? = nil) { self.parent = parent }

  func value(of name: Int) -> TemplateValue? {
    var scope: TemplateScope? = self
    while let current = scope {
      if let place = current.names.lastIndex(of: name) { return current.values[place] }
      scope = current.parent
    }
    return nil
  }

  func set(_ name: Int, _ value: TemplateValue) {
    if let place = names.lastIndex(of: name) {
      values[place] = value
    } else {
      names.append(name)
      values.append(value)
    }
  }
}

/// Where a loop stands.
struct TemplateLoopState {
  let items: [TemplateValue]
  var place = 0
  /// Loops around it that are the same loop, called by itself.
  let level: Int
  /// What `loop(…)` runs again.
  let loop: TemplateLoop?
  let scope: TemplateScope?
  /// The last arguments of `loop.changed`.
  var last: TemplateValue? = nil
}
