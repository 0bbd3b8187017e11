/// The keys of a plan.
enum PlanSchema {
  static let document = ["version", "at-once", "conflicts", "tasks"]
  static let part = [
    "name", "task", "agent", "model", "policy", "budget", "turns", "after", "merge",
  ]

  static let vocabulary = Vocabulary(
    root: document,
    examples: [
      document: "version: 1", part: "{ name: parser, task: \"Write the parser.\" }",
    ],
    parents: [("tasks", part)],
    synonyms: [
      "agents": "tasks", "steps": "tasks", "jobs": "tasks", "parallel": "at-once",
      "at_once": "at-once", "needs": "after", "depends": "after", "depends_on": "after",
      "id": "name", "prompt": "task", "text": "task", "do": "task", "merges": "merge",
      "conflict": "conflicts",
    ]
  )
}
