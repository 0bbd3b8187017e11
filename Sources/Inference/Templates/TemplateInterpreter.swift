/// Runs a template once. Values in, text out; whatever the template does, it ends within its limits.
///
/// Statements are here; expressions, calls, filters, tests and methods in the extensions.
final class TemplateInterpreter {
  let limits: TemplateLimits
  let names: [String]
  let moment: TemplateMoment
  /// What each name is where no block has set it.
  private let globals: [TemplateValue?]

  /// What belongs to this run; values hold places in these (see `TemplateValue`).
  var namespaces: [TemplateDictionary] = []
  var macros: [(macro: TemplateMacro, scope: TemplateScope)] = []
  var loops: [TemplateLoopState] = []

  private var output: [UInt8] = []
  private var steps: Int
  private var bytes: Int
  private var outputLeft: Int
  private var depth = 0
  private var line = 0

  init(
    names: [String],
    context: TemplateDictionary,
    moment: TemplateMoment,
    limits: TemplateLimits
  ) {
    self.names = names
    self.moment = moment
    self.limits = limits
    let size = TemplateValue.dictionary(context).size
    steps = limits.steps + size / 4
    bytes = limits.bytes + size * 64
    outputLeft = limits.output + size * 16
    globals = names.map { name in
      context[name] ?? TemplateFunction(rawValue: name).map { .function($0) }
    }
  }

  func run(_ body: [TemplateNode]) throws(TemplateError) -> [UInt8] {
    do {
      _ = try execute(body, TemplateScope())
      return output
    } catch {
      var error = error
      if error.line == 0 { error.line = line }
      throw error
    }
  }

  // MARK: Limits

  func step(_ count: Int = 1) throws(TemplateError) {
    steps -= count
    if steps < 0 { throw TemplateError(.limit, "it does more work than a template may") }
  }

  /// Counts bytes of a value that is about to be made.
  func charge(_ count: Int) throws(TemplateError) {
    bytes = count < bytes ? bytes - count : -1
    if bytes < 0 { throw TemplateError(.limit, "it makes more text than a template may") }
  }

  func deeper<T>(_ work: () throws(TemplateError) -> T) throws(TemplateError) -> T {
    depth += 1
    defer { depth -= 1 }
    guard depth <= limits.depth else {
      throw TemplateError(.limit, "its macros call one another too deeply")
    }
    return try work()
  }

  func global(_ name: Int) -> TemplateValue { globals[name] ?? .undefined(names[name]) }

  private func emit(_ text: [UInt8]) throws(TemplateError) {
    outputLeft -= text.count
    guard outputLeft >= 0 else { throw TemplateError(.limit, "the prompt becomes too long") }
    output += text
  }

  /// What `work` would have written, as a text.
  func captured(_ work: () throws(TemplateError) -> Void) throws(TemplateError) -> TemplateValue {
    let outer = output
    output = []
    defer { output = outer }
    try work()
    try charge(output.count)
    // What is captured is written again, or not at all: it must not count twice.
    outputLeft += output.count
    return .text(TemplateText(bytes: output))
  }

  // MARK: Statements

  enum Flow { case on, leave, next }

  func execute(_ nodes: [TemplateNode], _ scope: TemplateScope) throws(TemplateError) -> Flow {
    for node in nodes {
      try step()
      line = node.line
      let flow = try deeper { () throws(TemplateError) in try execute(node.statement, scope) }
      if flow != .on { return flow }
    }
    return .on
  }

  private func execute(
    _ statement: TemplateStatement,
    _ scope: TemplateScope
  ) throws(TemplateError) -> Flow {
    switch statement {
    case .data(let bytes): try emit(bytes)
    case .output(let expression): try emit(show(evaluate(expression, scope)).bytes)
    case .branches(let branches, let otherwise):
      for branch in branches where isTrue(try evaluate(branch.test, scope)) {
        return try execute(branch.body, scope)
      }
      return try execute(otherwise, scope)
    case .loop(let loop):
      try run(loop, over: evaluate(loop.sequence, scope), level: 0, scope)
    case .set(let target, let value): try assign(target, evaluate(value, scope), scope)
    case .setBlock(let target, let filters, let body):
      let value = try captured { () throws(TemplateError) in
        _ = try execute(body, TemplateScope(parent: scope))
      }
      try assign(target, follow(value, filters, scope), scope)
    case .macro(let macro):
      macros.append((macro, scope))
      scope.set(macro.number, .macro(macros.count - 1))
    case .call(let caller, let expression):
      let inner = TemplateScope(parent: scope)
      macros.append((caller, scope))
      inner.set(TemplateParser.caller, .macro(macros.count - 1))
      try emit(show(call(expression, caller: .macro(macros.count - 1), scope)).bytes)
    case .filter(let filters, let body):
      let value = try captured { () throws(TemplateError) in
        _ = try execute(body, TemplateScope(parent: scope))
      }
      try emit(show(follow(value, filters, scope)).bytes)
    case .with(let values, let body):
      let inner = TemplateScope(parent: scope)
      for (target, value) in values { try assign(target, evaluate(value, scope), inner) }
      return try execute(body, inner)
    case .group(let body): return try execute(body, TemplateScope(parent: scope))
    case .leave: return .leave
    case .next: return .next
    }
    return .on
  }

  func run(
    _ loop: TemplateLoop,
    over sequence: TemplateValue,
    level: Int,
    _ scope: TemplateScope
  ) throws(TemplateError) {
    var items = try self.items(of: sequence)
    if let condition = loop.condition {
      var kept: [TemplateValue] = []
      for item in items {
        let inner = TemplateScope(parent: scope)
        try assign(loop.target, item, inner)
        if isTrue(try evaluate(condition, inner)) { kept.append(item) }
      }
      items = kept
    }
    let place = loops.count
    loops.append(
      TemplateLoopState(
        items: items,
        level: level,
        loop: loop.isRecursive ? loop : nil,
        scope: scope
      )
    )
    for (index, item) in items.enumerated() {
      try step()
      loops[place].place = index
      let inner = TemplateScope(parent: scope)
      inner.set(TemplateParser.loop, .loop(place))
      try assign(loop.target, item, inner)
      if try execute(loop.body, inner) == .leave { break }
    }
    if items.isEmpty { _ = try execute(loop.otherwise, TemplateScope(parent: scope)) }
  }

  func assign(
    _ target: TemplateTarget,
    _ value: TemplateValue,
    _ scope: TemplateScope
  ) throws(TemplateError) {
    switch target {
    case .name(let name): scope.set(name, value)
    case .attribute(let name, let attribute):
      guard case .namespace(let place) = scope.value(of: name) ?? global(name) else {
        throw TemplateError(.value, "'\(names[name])' is no namespace, so nothing of it can be set")
      }
      namespaces[place].set(.text(TemplateText(attribute)), name: attribute, value)
    case .tuple(let targets):
      let items = try items(of: value)
      guard items.count == targets.count else {
        throw TemplateError(
          .value,
          "\(items.count) values are given to \(targets.count) names"
        )
      }
      for (target, item) in zip(targets, items) { try assign(target, item, scope) }
    }
  }

  /// Calls a macro; its text is its value.
  func call(
    _ place: Int,
    _ arguments: TemplateCall,
    caller: TemplateValue?
  ) throws(TemplateError) -> TemplateValue {
    let (macro, outer) = macros[place]
    let scope = TemplateScope(parent: outer)
    let parameters = macro.parameters
    let firstDefault = parameters.count - macro.defaults.count
    var names = arguments.names
    for (index, parameter) in parameters.enumerated() {
      let value: TemplateValue
      if index < arguments.places.count {
        value = arguments.places[index]
        guard !names.contains(where: { $0.0 == parameter.label }) else {
          throw TemplateError(.value, "'\(macro.name)' got '\(parameter.label)' twice")
        }
      } else if let named = names.firstIndex(where: { $0.0 == parameter.label }) {
        value = names.remove(at: named).1
      } else if index >= firstDefault {
        value = try evaluate(macro.defaults[index - firstDefault], scope)
      } else {
        value = .undefined(parameter.label)
      }
      scope.set(parameter.name, value)
    }
    if let named = names.firstIndex(where: { $0.0 == "caller" }) {
      scope.set(TemplateParser.caller, names.remove(at: named).1)
    } else {
      scope.set(TemplateParser.caller, caller ?? .undefined("caller"))
    }
    let more = arguments.places.dropFirst(parameters.count)
    let uses = macro.usesMore
    guard more.isEmpty || uses.places else {
      throw TemplateError(
        .value,
        "'\(macro.name)' takes \(parameters.count) values, not \(arguments.places.count)"
      )
    }
    guard names.isEmpty || uses.names else {
      throw TemplateError(.value, "'\(macro.name)' takes no '\(names[0].0)'")
    }
    scope.set(TemplateParser.varargs, .list(TemplateList(Array(more), .tuple)))
    scope.set(TemplateParser.kwargs, .dictionary(names))
    return try captured { () throws(TemplateError) in _ = try execute(macro.body, scope) }
  }
}

/// The values that something is called with.
struct TemplateCall {
  var places: [TemplateValue] = []
  var names: [(String, TemplateValue)] = []

  /// The argument at a place or of a name.
  func value(_ place: Int, _ name: String) -> TemplateValue? {
    place < places.count ? places[place] : names.last { $0.0 == name }?.1
  }
}
