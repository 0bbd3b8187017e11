// The command line of the attack program: list, prepare, stage, run, verify, clean.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

#define ATTACK(name, ...) int attack_##name(void);
#include "table.h"
#undef ATTACK

const struct attack attacks[] = {
#define ATTACK(name, family, layer, needs, expects, audit, setup, verify, title) \
  {#name, #family, #layer, #needs, #expects, audit, setup, title, attack_##name, verify},
#include "table.h"
#undef ATTACK
};
const size_t attack_count = sizeof attacks / sizeof attacks[0];

static bool control = false;
bool is_control(void) { return control; }

// Names are C identifiers in the table and kebab-case outside.
static bool same_name(const char *identifier, const char *name) {
  for (; *identifier && *name; identifier++, name++)
    if (*identifier != *name && !(*identifier == '_' && *name == '-')) return false;
  return *identifier == *name;
}

static const struct attack *find(const char *name) {
  for (size_t i = 0; i < attack_count; i++)
    if (same_name(attacks[i].name, name)) return &attacks[i];
  fprintf(stderr, "caisson-attack: no attack is called '%s'; see caisson-attack --list\n", name);
  exit(64);
}

static void list(void) {
  for (size_t i = 0; i < attack_count; i++) {
    const struct attack *a = &attacks[i];
    fputs("{\"name\":\"", stdout);
    for (const char *c = a->name; *c; c++) putchar(*c == '_' ? '-' : *c);
    printf("\",\"family\":\"%s\",\"layer\":\"%s\",\"needs\":\"%s\",\"expects\":\"%s\",\"audit\":\"%s\","
           "\"setup\":\"%s\",\"verifies\":%s,\"title\":\"%s\"}\n",
           a->family, a->layer, a->needs, a->expects, a->audit, a->setup,
           a->verify ? "true" : "false", a->title);
  }
}

static int usage(void) {
  fputs("caisson-attack: what a sealed run must hold, as programs\n\n"
        "  caisson-attack --list                     one JSON object an attack\n"
        "  caisson-attack prepare NAME DIR           make what the attack needs, unsealed\n"
        "  caisson-attack stage NAME DIR -- CMD…     be the caller that the attack assumes, run CMD\n"
        "  caisson-attack run [--control] NAME       attack, from the workspace DIR/workspace\n"
        "  caisson-attack verify NAME DIR            was harm done, seen from the host\n"
        "  caisson-attack clean DIR                  end helpers and remove what they hold\n\n"
        "Exit status: 0 goal reached (verify: harm done), 10 stopped (verify: no harm),\n"
        "77 impossible on this kernel or for this user, anything else: the attack is broken.\n",
        stderr);
  return 64;
}

int main(int count, char **words) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (count >= 2 && strcmp(words[1], "--list") == 0) return list(), 0;
  if (count < 3) return usage();
  if (strcmp(words[1], "clean") == 0) return fixtures_clean(words[2]);
  if (strcmp(words[1], "run") == 0) {
    int at = 2;
    if (strcmp(words[at], "--control") == 0) control = true, at++;
    if (at >= count) return usage();
    const struct attack *attack = find(words[at]);
    int (*run)(void) = attack->run;
    if (control && strcmp(attack->needs, "root") == 0 && geteuid() != 0)
      return impossible("only root can show it");
    if (control && has_setup(attack, "controlns")) {
      int outcome = control_namespaces(1);
      if (outcome != GOAL) return outcome;
    }
    if (control && has_setup(attack, "controlnetns")) {
      int outcome = control_namespaces(2);
      if (outcome != GOAL) return outcome;
    }
    return run();
  }
  // What a daemon of the attack `daemon` becomes: found afterwards by its argument.
  if (strcmp(words[1], "linger") == 0) {
    alarm(90);
    if (count > 3) raise(SIGSTOP);
    for (;;) pause();
  }
  if (count < 4) return usage();
  if (strcmp(words[1], "victim") == 0) return victim(words[2], atoi(words[3]));
  const struct attack *attack = find(words[2]);
  if (strcmp(words[1], "prepare") == 0) return fixtures_prepare(attack, words[3]);
  if (strcmp(words[1], "verify") == 0)
    return attack->verify ? attack->verify(words[3]) : IMPOSSIBLE;
  if (strcmp(words[1], "stage") == 0 && count > 5 && strcmp(words[4], "--") == 0)
    return stage(attack, words[3], words + 5);
  return usage();
}
