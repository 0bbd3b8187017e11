// What somebody else's program would run: hooks, shell and editor start-up files, tool servers. In
// an overlay they may be written, and are held at apply; in a direct workspace they are pinned. The
// host's side decides: nothing but the ordinary file may have come through.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attack.h"

static int plant(const char *const *paths, size_t count, const char *content) {
  spit("ordinary.txt", "ordinary\n", 0644);
  struct tries tries = {0};
  for (size_t i = 0; i < count; i++) {
    make_parents(paths[i]);
    attempt(&tries, paths[i], spit(paths[i], content, 0755));
  }
  return conclude(&tries);
}
#define PLANT(content, ...) \
  plant((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), content)

static const char hook[] = "#!/bin/sh\ntouch /tmp/pwned\n";

int attack_startup_git_hook(void) {
  return PLANT(hook, ".git/hooks/post-checkout", ".git/hooks/pre-commit", ".git/hooks/fsmonitor-watchman");
}

int attack_startup_git_config(void) {
  return PLANT("[core]\n\tfsmonitor = touch /tmp/pwned\n\thooksPath = evil\n[alias]\n\tst = !touch /tmp/pwned\n",
               ".git/config", ".git/config.worktree", ".git/info/attributes", ".git/worktrees/w/config.worktree",
               ".git/modules/m/config", ".git/modules/m/hooks/post-checkout");
}

int attack_startup_gitmodules(void) {
  return PLANT("[submodule \"x\"]\n\tpath = x\n\turl = ./x\n\tupdate = !touch /tmp/pwned\n", ".gitmodules");
}

int attack_startup_git_nested(void) {
  int outcome = PLANT(hook, "deep/er/still/.git/hooks/post-checkout", "vendor/lib/.git/hooks/pre-push");
  spit("deep/er/still/.git/config", "[core]\n\tfsmonitor = touch /tmp/pwned\n", 0644);
  make_parents("a/.gitmodules");
  spit("a/.gitmodules", "[submodule \"x\"]\n", 0644);
  return outcome;
}

int attack_startup_git_link(void) {
  spit("ordinary.txt", "ordinary\n", 0644);
  // Git follows the link; the files behind it have harmless names.
  make_parents("ordinary-folder/post-checkout");
  spit("ordinary-folder/post-checkout", hook, 0755);
  struct tries tries = {0};
  attempt(&tries, "rename(hooks)", rename(".git/hooks", "ordinary-hooks"));
  attempt(&tries, "symlink(hooks)", symlink("../ordinary-folder", ".git/hooks"));
  attempt(&tries, "symlink(.bashrc)", symlink("ordinary-folder/post-checkout", ".bashrc"));
  return conclude(&tries);
}

int attack_startup_git_file(void) {
  int outcome = PLANT("gitdir: ./ordinary-gitdir\n", "project/.git", ".git");
  make_parents("ordinary-gitdir/x");
  spit("ordinary-gitdir/HEAD", "ref: refs/heads/main\n", 0644);
  return outcome;
}

int attack_startup_git_rename(void) {
  int outcome = PLANT(hook, "building/hooks/post-checkout", "building/config");
  struct tries tries = {0};
  make_parents("sub/x");
  attempt(&tries, "rename", rename("building", "sub/.git"));
  return tries.won ? outcome : conclude(&tries);
}

int attack_startup_git_bare(void) {
  int outcome = PLANT("[core]\n\tbare = true\n\tfsmonitor = touch /tmp/pwned\n\trepositoryformatversion = 0\n", "data/config");
  spit("data/HEAD", "ref: refs/heads/main\n", 0644);
  make_parents("data/objects/x"), make_parents("data/refs/x"), make_parents("data/hooks/x");
  spit("data/hooks/post-checkout", hook, 0755);
  return outcome;
}

int attack_startup_shell(void) {
  return PLANT("touch /tmp/pwned\n", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".profile", ".zshrc",
               ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".kshrc", ".config/fish/config.fish", ".inputrc",
               "a/.bashrc", "a/b/c/.profile", "a/b/c/d/e/.zshenv", ".ssh/config", ".ssh/rc", ".ssh/authorized_keys",
               ".tmux.conf", ".screenrc", ".config/fish/conf.d/x.fish", ".xprofile", ".xinitrc",
               ".config/autostart/x.desktop", ".config/systemd/user/x.service", ".pam_environment");
}

int attack_startup_editor(void) {
  return PLANT("touch /tmp/pwned\n", ".vimrc", ".exrc", ".nvimrc", ".nvim.lua", ".vim/plugin/x.vim", ".emacs",
               ".emacs.d/init.el", ".dir-locals.el", ".vscode/tasks.json", ".vscode/launch.json",
               ".vscode/settings.json", ".vscode/extensions.json", ".vscode/mcp.json", ".idea/workspace.xml",
               ".idea/runConfigurations/x.xml", ".zed/tasks.json", ".zed/settings.json", ".cursor/rules/x",
               "deep/down/.vscode/tasks.json", "x.code-workspace", ".devcontainer/devcontainer.json",
               ".devcontainer.json", ".gitpod.yml");
}

int attack_startup_agents(void) {
  return PLANT("{\"mcpServers\":{\"x\":{\"command\":\"touch\"}}}\n", ".mcp.json", "deep/.mcp.json",
               ".cursor/mcp.json", ".claude/settings.json", ".claude/settings.local.json", ".codex/config.toml",
               ".gemini/settings.json", ".vscode/mcp.json", ".roo/mcp.json", ".kiro/settings/mcp.json",
               ".continue/config.yaml", ".aider.conf.yml", "opencode.json");
}

int attack_startup_tools(void) {
  return PLANT("touch /tmp/pwned\n", ".envrc", ".direnv/x", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs",
               ".pypirc", "pip.conf", "sitecustomize.py", "usercustomize.py", "evil.pth",
               "lib/python3/site-packages/x.pth", ".gdbinit", ".lldbinit", ".pre-commit-config.yaml",
               ".husky/pre-commit", "lefthook.yml", ".cargo/config.toml", ".cargo/config", ".netrc",
               ".curlrc", ".wgetrc", ".Rprofile", ".irbrc", ".pdbrc", ".mise.toml");
}

static const char *const existing[] = {".bashrc", ".mcp.json", ".vscode/tasks.json", ".git/hooks/pre-commit"};

int attack_startup_direct(void) {
  spit("ordinary.txt", "ordinary\n", 0644);
  struct tries tries = {0};
  for (int i = 0; i < 4; i++) {
    const char *name = existing[i];
    attempt(&tries, text("truncate(%s)", name), truncate(name, 0));
    attempt(&tries, text("unlink(%s)", name), unlink(name));
    attempt(&tries, text("rename over(%s)", name), (spit("ordinary.new", hook, 0755), rename("ordinary.new", name)));
    attempt(&tries, text("write(%s)", name), spit(name, hook, 0755));
  }
  return conclude(&tries);
}

int attack_startup_direct_rebuild(void) {
  spit("ordinary.txt", "ordinary\n", 0644);
  struct tries tries = {0};
  attempt(&tries, "rename(.git)", rename(".git", "ordinary.git"));
  attempt(&tries, "rename(.git/hooks)", rename(".git/hooks", ".git/ordinary-hooks"));
  attempt(&tries, "rename(.vscode)", rename(".vscode", "ordinary.vscode"));
  for (int i = 2; i < 4; i++) {
    make_parents(existing[i]);
    attempt(&tries, text("rebuild(%s)", existing[i]), spit(existing[i], hook, 0755));
  }
  return conclude(&tries);
}

int attack_startup_direct_absent(void) {
  return PLANT(hook, ".bashrc", ".profile", ".zshrc", ".envrc", ".mcp.json", ".vscode/tasks.json", ".vimrc",
               ".git/hooks/post-checkout", ".gitmodules", ".npmrc", "sitecustomize.py");
}

int attack_startup_direct_folders(void) {
  return PLANT(hook, ".vscode/tasks.json", ".claude/settings.json", ".cursor/mcp.json", ".husky/pre-commit",
               ".git/hooks/post-checkout", ".idea/workspace.xml", ".devcontainer/devcontainer.json",
               ".cargo/config.toml", ".ssh/rc");
}

int attack_create_denied(void) {
  return PLANT("denied\n", "forbidden.txt", "new/forbidden");
}
