/// An expression of a template. Chains lie flat, so that only real nesting nests.
indirect enum TemplateExpression: Sendable {
  case constant(TemplateValue)
  case name(Int)
  case tuple([TemplateExpression])
  case list([TemplateExpression])
  case dictionary([(TemplateExpression, TemplateExpression)])
  case conditional(test: TemplateExpression, then: TemplateExpression, else: TemplateExpression?)
  case any([TemplateExpression])
  case all([TemplateExpression])
  case not(TemplateExpression)
  case compare(TemplateExpression, [(Comparison, TemplateExpression)])
  case arithmetic(TemplateExpression, [(Arithmetic, TemplateExpression)])
  case concatenation([TemplateExpression])
  case negative(TemplateExpression)
  case positive(TemplateExpression)
  case chain(TemplateExpression, [Link])

  enum Comparison: Sendable {
    case equal, unequal, less, lessOrEqual, greater, greaterOrEqual, isIn, notIn
  }
  enum Arithmetic: Sendable { case add, subtract, multiply, divide, floorDivide, remainder, power }

  /// What follows a value: each applies to what those before it gave.
  enum Link: Sendable {
    case attribute(TemplateText)
    case item(TemplateExpression)
    case slice(TemplateExpression?, TemplateExpression?, TemplateExpression?)
    case call(TemplateArguments)
    case filter(String, TemplateArguments)
    case test(String, TemplateArguments, negated: Bool)
  }
}

struct TemplateArguments: Sendable {
  var places: [TemplateExpression] = []
  var names: [(String, TemplateExpression)] = []
  /// `*values` and `**names`.
  var morePlaces: TemplateExpression? = nil
  var moreNames: TemplateExpression? = nil

  var isEmpty: Bool { places.isEmpty && names.isEmpty && morePlaces == nil && moreNames == nil }
}

/// What a value may be given to.
indirect enum TemplateTarget: Sendable {
  case name(Int)
  case attribute(Int, String)
  case tuple([TemplateTarget])
}

/// A statement of a template.
indirect enum TemplateStatement: Sendable {
  case data([UInt8])
  case output(TemplateExpression)
  case branches([(test: TemplateExpression, body: [TemplateNode])], otherwise: [TemplateNode])
  case loop(TemplateLoop)
  case set(TemplateTarget, TemplateExpression)
  case setBlock(TemplateTarget, filters: [TemplateExpression.Link], [TemplateNode])
  case macro(TemplateMacro)
  case call(TemplateMacro, TemplateExpression)
  case filter([TemplateExpression.Link], [TemplateNode])
  case with([(TemplateTarget, TemplateExpression)], [TemplateNode])
  /// `generation`: marks what the model said; it changes nothing in the text.
  case group([TemplateNode])
  case leave, next
}

struct TemplateNode: Sendable {
  let statement: TemplateStatement
  let line: Int
}

struct TemplateLoop: Sendable {
  let target: TemplateTarget
  let sequence: TemplateExpression
  let condition: TemplateExpression?
  let isRecursive: Bool
  let body: [TemplateNode]
  let otherwise: [TemplateNode]
}

final class TemplateMacro: Sendable {
  let name: String
  /// The number of its name.
  let number: Int
  let parameters: [(name: Int, label: String)]
  /// The last parameters' defaults.
  let defaults: [TemplateExpression]
  let body: [TemplateNode]
  /// Whether the body reads `varargs` and `kwargs`: only then may more be given than is named.
  let usesMore: (places: Bool, names: Bool)

  init(
    name: String,
    number: Int,
    parameters: [(name: Int, label: String)],
    defaults: [TemplateExpression],
    body: [TemplateNode],
    usesMore: (places: Bool, names: Bool)
  ) {
    self.name = name
    self.number = number
    self.parameters = parameters
    self.defaults = defaults
    self.body = body
    self.usesMore = usesMore
  }
}
