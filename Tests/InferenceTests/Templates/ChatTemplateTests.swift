import Testing

@testable import Inference

@Suite struct ChatTemplateTests {
  private func render(_ source: String, _ variables: String = "{}") throws -> String {
    guard case .dictionary(let context) = TemplateValue(try JSONReader.read(Array(variables.utf8)))
    else { return "" }
    return try ChatTemplate(source: source).render(
      context,
      moment: TemplateMoment(year: 2024, month: 2, day: 29, hour: 13)
    )
  }

  /// Each right side is what Jinja2 3.1.6 with the settings of `apply_chat_template` writes.
  @Test(arguments: [
    ("{{ [1, 2.0, none, true, 'a\\'b', \"c\"] }}", "[1, 2.0, None, True, \"a'b\", 'c']"),
    ("{{ {'a': 1, 2: (3,)} }}", "{'a': 1, 2: (3,)}"),
    (
      "{{ 1e16 }} {{ 1e15 }} {{ 0.0001 }} {{ 0.00001 }} {{ 1/3 }}",
      "1e+16 1000000000000000.0 0.0001 1e-05 0.3333333333333333"
    ),
    ("{{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ 7 / 2 }}", "-4 2 1024 3.5"),
    (
      "{{ 'häß'|upper }} {{ 'hello world'|title }} {{ 'hELLO'|capitalize }}",
      "HÄSS Hello World Hello"
    ),
    ("{{ 'abcdef'[::-2] }} {{ 'abc'[-2:] }} {{ [1,2,3][5:] }} {{ 'äöü'[1] }}", "fdb bc [] ö"),
    (
      "{{ ' a  b '.split() }} {{ 'a,b,c'.split(',', 1) }} {{ 'a b c'.rsplit(' ', 1) }}",
      "['a', 'b'] ['a', 'b,c'] ['a b', 'c']"
    ),
    (
      "{% for x in [1,2,3] if x > 1 %}{{ loop.index }}/{{ loop.length }}{{ x }} {% else %}none{% endfor %}",
      "1/22 2/23 "
    ),
    ("{% for x in [] %}x{% else %}none{% endfor %}", "none"),
    (
      "{% for x in range(9) %}{% if x == 2 %}{% continue %}{% elif x > 4 %}{% break %}{% endif %}{{ x }}{% endfor %}",
      "0134"
    ),
    ("{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}", "21"),
    ("{% set n = namespace(x=1) %}{% for i in [1] %}{% set n.x = 2 %}{% endfor %}{{ n.x }}", "2"),
    (
      "{% macro m(a, b=a ~ '!') %}{{ a }}{{ b }}{{ caller() if caller else '' }}{% endmacro %}{{ m(1) }}{% call m(2, 3) %}c{% endcall %}",
      "11!23c"
    ),
    (
      "{% for x in [[1,[2]],[3]] recursive %}{% if x is sequence %}<{{ loop(x) }}>{% else %}{{ x }}{% endif %}{% endfor %}",
      "<1<2>><3>"
    ),
    (
      "{{ {'b': [1, {'c': none}], 'a': 'ü\"'}|tojson }}",
      "{\"b\": [1, {\"c\": null}], \"a\": \"ü\\\"\"}"
    ),
    (
      "{{ {'b': [1], 'a': {}}|tojson(indent=2, sort_keys=true) }}",
      "{\n  \"a\": {},\n  \"b\": [\n    1\n  ]\n}"
    ),
    ("{{ [1,2]|tojson(separators=(',', ':')) }}", "[1,2]"),
    ("{{ x is defined }} {{ x|default('d') }} {{ ''|default('e', true) }} {{ x }}", "False d e "),
    ("{{ [{'n': 'b'}, {'n': 'a'}]|map(attribute='n')|sort|join('-') }}", "a-b"),
    (
      "{{ [1,2,3,4]|select('even')|list }} {{ [1,2,3]|reject('equalto', 2)|list }}", "[2, 4] [1, 3]"
    ),
    (
      "{{ '%s is %05.1f%% of %d' % ('a', 2.25, 7) }} {{ '{:>4}|{x}'.format(1, x='y') }}",
      "a is 002.2% of 7    1|y"
    ),
    (
      "{{ 'a' ~ 1 ~ none }} {{ 'a' 'b' }} {{ 1 if false }}|{{ 2 in [1, 2] and 3 not in (4,) }}",
      "a1None ab |True"
    ),
    ("a  \n  {%- if true %} b {% endif -%}  \n c", "a b c"),
    ("  {% if true %}\n  x\n  {% endif %}\n{# c #}\n  {{ 1 }}\n", "  x\n  1"),
    ("{% raw %}{{ x }}{% endraw %}{{ '}}' }}", "{{ x }}}}"),
    ("{{ '<'|safe + '<' }} {{ '<a>'|e }}", "<&lt; &lt;a&gt;"),
    ("{% generation %}g{% endgeneration %}{% set y %}a{{ 1 }}{% endset %}{{ y|length }}", "g2"),
    ("{{ strftime_now('%d %b %Y %H:%M %A %j %-d') }}", "29 Feb 2024 13:00 Thursday 060 29"),
    ("{{ 'a\\nb\\n'|indent(2) }}|{{ 'x'|indent(2, true) }}", "a\n  b\n|  x"),
    (
      "{{ {'b': 1, 'a': 2}|dictsort }} {{ {'a': 1}.items() | list }} {{ {'get': 1}['get'] }}",
      "[('a', 2), ('b', 1)] [('a', 1)] 1"
    ),
    (
      "{% set a, b = 1, 2 %}{{ b }}{% filter upper %}x{% endfilter %}{% with z = 3 %}{{ z }}{% endwith %}",
      "2X3"
    ),
  ])
  func `what a template writes is what Jinja2 writes`(source: String, wanted: String) throws {
    #expect(try render(source) == wanted)
  }

  @Test(arguments: [
    ("{{ x.y }}", TemplateError.Kind.value), ("{{ 1 + 'a' }}", .value),
    ("{{ raise_exception('no') }}", .refused),
    ("{{ 1|nope }}", .syntax), ("{% if true %}", .syntax), ("{{ 'a", .syntax),
    ("{% include 'x' %}", .syntax),
    ("{{ [1].append(2) }}", .value), ("{{ (1)|map }}", .value), ("{{ 1 // 0 }}", .value),
    ("{{ [1]|map('upper')|length }}", .value), ("{{ 99999999999999999999 }}", .syntax),
  ])
  func `what Jinja2 refuses is refused`(source: String, kind: TemplateError.Kind) throws {
    let error = #expect(throws: TemplateError.self) { try render(source) }
    #expect(error?.kind == kind)
  }

  @Test func `what a template says of itself is told on one line`() throws {
    let source = #"{{ raise_exception('no\ncaisson: all is well\u001b[2J') }}"#
    let error = #expect(throws: TemplateError.self) { try render(source) }
    let told = try #require(error?.description)
    #expect(told.contains(#"no\u{a}caisson"#) && told.contains(#"\u{1b}[2J"#), "\(told)")
  }

  @Test(arguments: [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% set n = namespace(x='aaaaaaaa') %}{% for a in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for a in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x=[]) %}{% for a in range(9999) %}{% set n.x = [n.x] %}{% endfor %}",
    "{% set n = namespace(x=1) %}{% for a in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
    "{% set n = namespace(x=1) %}{% for a in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x == n.x|list }}",
    "{% set n = namespace(x=1) %}{% for a in range(60) %}{% set n.x = {'a': n.x, 'b': n.x} %}{% endfor %}{{ n.x|tojson }}",
    "{% set n = namespace() %}{% set n.x = n %}{{ n }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{{ 'a' * 9999999999 }}", "{{ [1] * 9999999999999 }}", "{{ 9 ** 99 }}",
    "{{ 9223372036854775807 + 1 }}",
    "{{ (0 - 9223372036854775807 - 1) // -1 }}", "{{ range(0, 9223372036854775807) }}",
    "{{ 'x'.ljust(99999999999) }}", "{{ '{:999999999999}'.format(1) }}",
    "{{ 'x'|indent(99999999999, true) }}",
    "{{ '%999999999999d' % 1 }}", "{{ ('a' * 9999)|replace('a', 'b' * 99999) }}",
    "{% for a in range(99999) %}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }}{% endfor %}",
    "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{{ " + String(repeating: "(", count: 9999) + "1" + String(repeating: ")", count: 9999) + "}}",
    "{{ " + String(repeating: "[", count: 9999) + String(repeating: "]", count: 9999) + "}}",
    "{{ " + String(repeating: "-", count: 9999) + "1 }}",
    "{{ " + String(repeating: "not ", count: 9999) + "1 }}",
    String(repeating: "{% if 1 %}", count: 9999),
    "{{ " + String(repeating: "1 if 1 else ", count: 9999) + "1 }}",
  ])
  func `a template that never ends, or fills the memory, is stopped`(source: String) throws {
    let error = #expect(throws: TemplateError.self) { try render(source) }
    #expect(error?.kind == .limit, "\(source.prefix(60)): \(error?.description ?? "")")
  }

  @Test func `chains of any length are no nesting`() throws {
    #expect(try render("{{ 1" + String(repeating: " + 1", count: 5000) + " }}") == "5001")
    #expect(try render("{{ 'a'" + String(repeating: "|upper", count: 5000) + " }}") == "A")
  }

  @Test func `cut and changed templates give errors and no traps`() throws {
    let source = Array(
      "{%- macro m(a, b='x') %}{{ a|tojson(indent=2) ~ b[1:2] }}{% endmacro %}{% for k, v in d.items() if v is not none recursive %}{{ '%s' % k }}{{ '{:>3}'.format(v) }}{% else %}-{% endfor %}{% raw %}x{% endraw %}{# c #}{{ m(d.a, b=-2.5e3) if d else 'é\\u00e9' }}"
        .utf8
    )
    var random = SeededRandom(seed: 7)
    for _ in 0..<20_000 {
      var bytes = source
      for _ in 0..<(1 + Int(random.next() % 3)) {
        let place = Int(random.next() % UInt64(bytes.count))
        switch random.next() % 3 {
        case 0: bytes.remove(at: place)
        case 1: bytes[place] = source[Int(random.next() % UInt64(source.count))]
        default: bytes.insert(source[Int(random.next() % UInt64(source.count))], at: place)
        }
      }
      _ = try? render(String(decoding: bytes, as: UTF8.self), #"{"d": {"a": 1, "b": "é"}}"#)
    }
  }
}

/// A seeded generator (SplitMix64), so that a failure can be seen again.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
