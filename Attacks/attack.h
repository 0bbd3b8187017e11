// The red-team suite of Caisson: each attack is one C function that tries to get out of a sealed
// run, and works when nothing seals it. This header is what an attack may lean on; it knows nothing
// of Caisson, and decides nothing about a verdict beyond what the attack itself saw.
#ifndef CAISSON_ATTACK_H
#define CAISSON_ATTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

// What an attack says at its end; also the exit status of `run` and of `verify`.
enum outcome {
  GOAL = 0,         // the attack achieved its goal (verify: harm was done on the host)
  STOPPED = 10,     // it was stopped (verify: no harm)
  IMPOSSIBLE = 77,  // this kernel or this user cannot do it, sealed or not
  BROKEN = 99       // the attack itself failed: no conclusion may be drawn
};

struct attack {
  const char *name;     // kebab-case, unique
  const char *family;   // "files", "kernel" or "egress"
  const char *layer;    // the layer that is there to stop it
  const char *needs;    // "root" or "any": who can run the control
  const char *expects;  // "denied": the attack sees it; "contained": the host is
                        // unharmed; "refused": no such run is started; "known": gets
                        // through, and docs/threat-model.md says so
  const char *audit;    // system call or rule of the network that the denial row names, or ""
                        // where none can be expected
  const char *setup;    // fixtures, comma separated: see fixtures.c and stage.c
  const char *title;    // one sentence
  int (*run)(void);
  int (*verify)(const char *directory);  // host's side, after the run; NULL: the attack's word counts
};

extern const struct attack attacks[];
extern const size_t attack_count;

// ---- speaking (speak.c)

int goal(const char *format, ...) __attribute__((format(printf, 1, 2)));
int stopped(const char *what);  // with errno
int stopped_because(const char *format, ...) __attribute__((format(printf, 1, 2)));
int impossible(const char *format, ...) __attribute__((format(printf, 1, 2)));
int broken(const char *what);  // with errno

// Several ways to one goal: the first that works is the breach, all that fail are the evidence.
struct tries {
  bool won;
  int count, unsupported;
  char text[1024];
};
bool attempt(struct tries *tries, const char *what, long result);  // true: it worked
// For calls that a control may only make with arguments that cannot do anything: any answer that
// the kernel gives after its permission check counts.
bool attempt_permission(struct tries *tries, const char *what, long result);
int conclude(struct tries *tries);

// True where the program runs unsealed to show that the attack works. Only for keeping the host
// safe (a private namespace first, no real reboot), never for making the attack weaker inside.
bool is_control(void);
// In the control only: a namespace of our own, so that what follows touches no one else's.
int control_namespaces(int flags);

// ---- reaching out (egress_reach.c)

int param_port(const char *key);
int reach(const char *address, int port, int kind);  // -1 with errno
int reach_name(const char *name, int port);
int reach_proxy(void);  // unsealed: what lies behind it
bool say(int peer, const char *words);
const char *hear(int peer);  // "" where nothing comes
void try_say(const char *name, int port, const char *words);
size_t question(unsigned char *bytes, const char *name, int type);  // of DNS
int said(void);  // the outcome where only the host can tell

// ---- values (values.c)

char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));  // never freed
int spit(const char *path, const char *content, mode_t mode);
char *slurp(const char *path);  // NULL with errno
int make_parents(const char *path);
int make_directory(const char *path, mode_t mode);
const char *param(const char *key);  // what the fixture left in the workspace; "" if absent
pid_t param_pid(const char *key);
bool file_has_canary(int directory, const char *path);  // false with errno
long socket_greet(const char *path, int kind);  // 0: a service answered with the canary
bool contains_canary(const char *bytes, size_t count);

#define CANARY "CANARY-caisson-attack"
#define PARAMETERS "attack.params"

// ---- fixtures (fixtures.c, fixtures_hosts.c, stage.c)

int fixtures_prepare(const struct attack *attack, const char *directory);
int fixtures_clean(const char *directory);
int stage(const struct attack *attack, const char *directory, char **command);
bool has_setup(const struct attack *attack, const char *token);
int fixture_param(const char *directory, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int fixture_host(const char *directory, const char *token);  // helper processes and IPC objects
int fixture_host_clean(const char *directory);
int victim(const char *directory, int ready);
// A process of the host's side, until `clean` or two minutes; it says when it is ready.
pid_t helper(const char *directory, void (*body)(const char *directory, int ready));
void tell(int ready);
void received(const char *directory, const char *what);  // for verify_received
int fixture_network(const char *directory);  // servers that note what must not arrive
int fixture_network_policy(const char *directory, FILE *out);
int fixture_network_socket(const char *directory);  // connected to one of them; -1

// ---- the host's side (manifest.c, verify.c)

char *manifest(const char *root);  // a line for each entry; NULL with errno
int manifest_keep(const char *directory, const char *name);
int verify_untouched(const char *directory);
int verify_startup(const char *directory);
int verify_bare(const char *directory);
int verify_privileged_files(const char *directory);
int verify_retained(const char *directory);
int verify_victim(const char *directory);
int verify_received(const char *directory);
int verify_daemon(const char *directory);
int verify_stage(const char *directory);
int verify_hostname(const char *directory);
int verify_escapes(const char *directory);
int verify_overlay_names(const char *directory);
int verify_access_lists(const char *directory);
int verify_log(const char *directory);
int verify_applied(const char *directory);
pid_t process_with_argument(const char *marker);
long long process_start(pid_t pid);  // ticks after boot; -1 if there is no such process

#endif
