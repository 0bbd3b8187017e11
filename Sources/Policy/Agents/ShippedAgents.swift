/// The agents that Caisson brings a description of; their programs are the user's own.
package enum ShippedAgents {
  package static let names = texts.keys.sorted()

  /// The document, as a user's own file would hold it.
  package static func text(_ name: String) -> String? { texts[name] }

  private static let texts = ["aider": aider, "hermes-agent": hermes, "mini-swe-agent": mini]

  private static let mini = """
    # mini-swe-agent 2: pipx install mini-swe-agent
    version: 1
    name: mini-swe-agent
    command:
      - mini
      - --model
      - $MODEL
      - --task
      - $TASK
      - --yolo
      - --exit-immediately
      - --output
      - /tmp/trajectory.json
    model: openai/$MODEL
    environment:
      HOME: /tmp
      LITELLM_LOCAL_MODEL_COST_MAP: "True"
      # Prices are the gateway's business.
      MSWEA_CONFIGURED: "true"
      MSWEA_COST_TRACKING: ignore_errors
      MSWEA_SILENT_STARTUP: "1"
      NO_COLOR: "1"
      PYTHONDONTWRITEBYTECODE: "1"
      TERM: dumb
    policy: { programs: [mini, python3], read: ["$HOME/.local/share/uv/python?"] }
    end: { status: [0], summary: last-lines 20 }

    """

  private static let hermes = #"""
    # hermes-agent 0.19, by the Agent Client Protocol: pipx install 'hermes-agent[acp]'
    version: 1
    name: hermes-agent
    protocol: acp
    # Of its model it reads in a file alone.
    command:
      - sh
      - -c
      - |
        mkdir -p "$HERMES_HOME" &&
        printf 'model: { default: "%s", provider: custom, base_url: "%s", api_key: "%s" }\n' \
          "$0" "$OPENAI_BASE_URL" "$OPENAI_API_KEY" >"$HERMES_HOME/config.yaml" &&
        exec hermes-acp
      - $MODEL
    environment:
      HERMES_HOME: /tmp/hermes
      HOME: /tmp
      NO_COLOR: "1"
      PYTHONDONTWRITEBYTECODE: "1"
    policy: { programs: [hermes-acp, python3], read: ["$HOME/.local/share/uv/python?"] }

    """#

  private static let aider = """
    # aider 0.86: pipx install aider-chat
    version: 1
    name: aider
    command:
      - aider
      - --model
      - $MODEL
      - --weak-model
      - $MODEL
      - --message-file
      - $TASK_FILE
      - --yes-always
      # What it changes is shown and applied as it lies there, not as its own commits.
      - --no-auto-commits
      - --no-dirty-commits
      - --no-gitignore
      - --no-check-update
      - --no-show-model-warnings
      - --no-show-release-notes
      - --no-detect-urls
      - --no-pretty
      - --no-fancy-input
      - --analytics-disable
      - --edit-format
      - diff
      - --input-history-file
      - /tmp/aider.input.history
      - --chat-history-file
      - /tmp/aider.chat.history.md
    task: file
    model: openai/$MODEL
    environment:
      # It would write an author into the repository's settings if there were none.
      GIT_CONFIG_COUNT: "2"
      GIT_CONFIG_KEY_0: user.name
      GIT_CONFIG_VALUE_0: aider
      GIT_CONFIG_KEY_1: user.email
      GIT_CONFIG_VALUE_1: aider@localhost
      HOME: /tmp
      LITELLM_LOCAL_MODEL_COST_MAP: "True"
      NO_COLOR: "1"
      PYTHONDONTWRITEBYTECODE: "1"
      TERM: dumb
    policy: { programs: [aider, python3], read: ["$HOME/.local/share/uv/python?"] }
    end: { status: [0], summary: last-lines 20 }

    """
}
