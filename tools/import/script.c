/*
 * vrrp_script to [check]. Scripts that only look for a process, a unit or a port are what vipd has
 * types for: those need no privilege (killall -0 as another user than the process's fails), and
 * most are told of a change at once.
 */
#include "lib/config/duration.h"
#include "lib/packet/address.h"
#include "tools/import/commands.h"
#include "tools/import/import.h"
#include "tools/import/keys.h"
#include "tools/import/sandbox.h"
#include "tools/import/users.h"

#include <assert.h>
#include <string.h>

enum { WORDS_MAX = 8 };

/* A command taken apart; words that are empty are not there. */
struct command {
    const char *words[WORDS_MAX];
    size_t count;
};

/* Commands of which the last words are what is looked for. */
static const struct pattern {
    const char *words[4];
    size_t targets; /* words behind */
    const char *type;
    const char *key;
} patterns[] = {
    {{"killall", "-0"}, 1, "process", KEY_EXECUTABLE},
    {{"killall", "-q", "-0"}, 1, "process", KEY_EXECUTABLE},
    {{"killall", "-s", "0"}, 1, "process", KEY_EXECUTABLE},
    {{"pkill", "-0"}, 1, "process", KEY_EXECUTABLE},
    {{"pkill", "-0", "-x"}, 1, "process", KEY_EXECUTABLE},
    {{"pkill", "-x", "-0"}, 1, "process", KEY_EXECUTABLE},
    {{"pidof"}, 1, "process", KEY_EXECUTABLE},
    {{"pidof", "-s"}, 1, "process", KEY_EXECUTABLE},
    {{"pgrep"}, 1, "process", KEY_EXECUTABLE},
    {{"pgrep", "-x"}, 1, "process", KEY_EXECUTABLE},
    {{"systemctl", "status"}, 1, "unit", KEY_UNIT},
    {{"systemctl", "is-active"}, 1, "unit", KEY_UNIT},
    {{"systemctl", "is-active", "-q"}, 1, "unit", KEY_UNIT},
    {{"systemctl", "is-active", "--quiet"}, 1, "unit", KEY_UNIT},
    {{"systemctl", "-q", "is-active"}, 1, "unit", KEY_UNIT},
    {{"nc", "-z"}, 2, "tcp", KEY_CONNECT},
};

static void set(struct import *import, struct import_section *section,
                const struct keepalived_node *node, const char *key, const char *value)
{
    import_set(import->out, section, node, key, value);
}

static const char *base_name(const char *word)
{
    const char *slash = strrchr(word, '/');

    return slash != NULL ? slash + 1 : word;
}

/* The command without what only makes it quiet, or says what happens anyway. */
static const char *without_noise(struct import *import, const char *text)
{
    static const char *const ends[] = {"|| exit 1",    "|| exit",     "2>&1",        "> /dev/null",
                                       ">/dev/null",   "1>/dev/null", "2>/dev/null", "2> /dev/null",
                                       "&> /dev/null", "&>/dev/null"};
    char *copy = arena_copy(import->arena, text);
    size_t length = strlen(copy);
    bool more = true;

    while (more) {
        more = false;
        while (length > 0 && strchr(" \t;", copy[length - 1]) != NULL)
            length--;
        for (size_t i = 0; !more && i < sizeof(ends) / sizeof(ends[0]); i++) {
            size_t size = strlen(ends[i]);

            more = length > size && strncmp(copy + length - size, ends[i], size) == 0;
            length -= more ? size : 0;
        }
    }
    copy[length] = '\0';
    return copy;
}

/* Words of a command without quotes or anything of the shell's; else none. */
static struct command take_apart(struct import *import, const char *text)
{
    struct command command = {.count = 0};
    char *rest = NULL;

    if (strpbrk(text, "\"'\\$`|&;<>()*?[") != NULL)
        return command;
    for (char *word = strtok_r(arena_copy(import->arena, text), " \t", &rest); word != NULL;
         word = strtok_r(NULL, " \t", &rest)) {
        if (command.count == WORDS_MAX)
            return (struct command){.count = 0};
        command.words[command.count++] = word;
    }
    return command;
}

/* "ADDRESS:PORT" for a check of type tcp; NULL where it is not numeric. */
static const char *endpoint(struct import *import, const char *host, const char *port)
{
    struct ip_address address;
    long number = 0;

    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (!ip_address_parse(host, &address) || !import_number(port, 1, 65535, &number))
        return NULL;
    return arena_print(import->arena, address.family == IP_FAMILY_IPV6 ? "[%s]:%ld" : "%s:%ld",
                       host, number);
}

/* What a pattern finds in a command; NULL: it does not fit. */
static const char *target_of(struct import *import, const struct pattern *pattern,
                             const struct command *command)
{
    size_t fixed = 0;

    while (fixed < 4 && pattern->words[fixed] != NULL)
        fixed++;
    assert(pattern->words[0] != NULL);
    if (command->count != fixed + pattern->targets || command->words[0] == NULL ||
        strcmp(base_name(command->words[0]), pattern->words[0]) != 0)
        return NULL;
    for (size_t i = 1; i < fixed; i++) {
        if (command->words[i] == NULL || strcmp(command->words[i], pattern->words[i]) != 0)
            return NULL;
    }
    const char *target = command->words[fixed];
    if (target == NULL || target[0] == '-')
        return NULL;
    if (strcmp(pattern->key, KEY_CONNECT) == 0)
        return endpoint(import, target, command->words[fixed + 1]);
    if (strcmp(pattern->key, KEY_UNIT) == 0 && strchr(target, '.') == NULL)
        return arena_print(import->arena, "%s.service", target);
    return strcmp(pattern->key, KEY_EXECUTABLE) == 0 ? base_name(target) : target;
}

/* "</dev/tcp/ADDRESS/PORT", with or without bash before it. */
static const char *bash_port(struct import *import, const char *text)
{
    const char *at = strstr(text, "</dev/tcp/");

    if (at == NULL || (at != text && strncmp(text, "bash -c '", 9) != 0 &&
                       strncmp(text, "/bin/bash -c '", 14) != 0))
        return NULL;
    at += strlen("</dev/tcp/");
    const char *slash = strchr(at, '/');
    if (slash == NULL)
        return NULL;
    return endpoint(import, arena_text(import->arena, at, (size_t)(slash - at)),
                    arena_text(import->arena, slash + 1, strcspn(slash + 1, "' ")));
}

void import_executable(struct import *import, struct import_section *section,
                       const struct keepalived_node *node, const char *name)
{
    if (import_set(import->out, section, node, KEY_EXECUTABLE, name))
        IMPORT_ITEM(import, section, IMPORT_FAILOVER, node,
                    "in part: vipd.service hides the processes of other users from vipd, and the "
                    "check fails until it may see them. A drop-in does that: 'systemctl edit "
                    "vipd', there [Service] and ProtectProc=default");
}

/* True when the script became a check of another type than exec. */
static bool write_known(struct import *import, struct import_section *section,
                        const struct keepalived_node *script, const char *text)
{
    text = without_noise(import, text);
    const struct command command = take_apart(import, text);
    const char *type = "tcp";
    const char *key = KEY_CONNECT;
    const char *target = bash_port(import, text);

    for (size_t i = 0; target == NULL && i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        type = patterns[i].type;
        key = patterns[i].key;
        target = command.count > 0 ? target_of(import, &patterns[i], &command) : NULL;
    }
    if (target == NULL || !import_knows(SECTION_CHECK, key))
        return false;
    set(import, section, script, KEY_TYPE, type);
    if (strcmp(key, KEY_EXECUTABLE) == 0)
        import_executable(import, section, script, target);
    else
        set(import, section, script, key, target);
    IMPORT_ITEM(import, section, IMPORT_NOTE, script,
                "the same without a program: a check of type %s%s", type,
                strcmp(type, "tcp") == 0 ? "" : ", which is told of a change at once");
    return true;
}

static void write_program(struct import *import, struct import_section *section,
                          const struct keepalived_node *block, const struct keepalived_node *script,
                          const char *text)
{
    const struct keepalived_node *user = keepalived_last(block, "user");
    const struct program program = {
        .command = text,
        .node = script,
        .user = import_value(user != NULL ? user : import->globals.script_user),
        .user_key = KEY_USER,
    };

    set(import, section, script, KEY_TYPE, "exec");
    set(import, section, script, KEY_COMMAND, import_command(import, section, script, text));
    import_program(import, section, &program);
}

/* keepalived takes whole seconds, and 1 for anything else. */
static uint64_t interval_of(struct import *import, struct import_section *section,
                            const struct keepalived_node *node)
{
    long seconds = 0;

    if (node == NULL)
        return NS_PER_SEC;
    if (import_number(import_value(node), 1, 3600, &seconds))
        return (uint64_t)seconds * NS_PER_SEC;
    IMPORT_ITEM(import, section, IMPORT_NOTE, node,
                "expected whole seconds, 1 or more: keepalived takes 1, and so does this");
    return NS_PER_SEC;
}

/*
 * interval and timeout. Without a timeout keepalived gives a script its interval, vipd 3 s at most
 * of it; with one that is longer both leave out the looks in between. What the kernel or systemd
 * tells (process, unit) takes no time.
 */
static void write_times(struct import *import, struct import_section *section,
                        const struct keepalived_node *block, bool is_program)
{
    enum { TIMEOUT_DEFAULT_SECONDS = 3 };
    const struct keepalived_node *every = keepalived_last(block, "interval");
    const struct keepalived_node *within = keepalived_last(block, "timeout");
    uint64_t interval_ns = interval_of(import, section, every);
    uint64_t timeout_ns = interval_ns;
    long seconds = 0;
    char text[DURATION_TEXT_SIZE];

    set(import, section, every != NULL ? every : block, KEY_INTERVAL,
        duration_format(interval_ns, text, sizeof(text)));
    if (!is_program)
        return;
    if (import_number(import_value(within), 1, 3600, &seconds))
        timeout_ns = (uint64_t)seconds * NS_PER_SEC;
    else if (within != NULL && !import_number(import_value(within), 0, 0, &seconds))
        IMPORT_ITEM(import, section, IMPORT_NOTE, within,
                    "expected whole seconds: keepalived takes the interval, and so does this");
    if (timeout_ns != interval_ns || interval_ns > TIMEOUT_DEFAULT_SECONDS * NS_PER_SEC)
        set(import, section, within != NULL ? within : block, KEY_TIMEOUT,
            duration_format(timeout_ns, text, sizeof(text)));
}

/* keepalived's default is 1. */
static void write_counts(struct import *import, struct import_section *section,
                         const struct keepalived_node *block)
{
    static const char *const counts[][2] = {{"rise", KEY_RISE}, {"fall", KEY_FALL}};

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        const struct keepalived_node *node = keepalived_last(block, counts[i][0]);

        set(import, section, node != NULL ? node : block, counts[i][1],
            import_value(node) != NULL ? import_value(node) : "1");
    }
}

void import_script(struct import *import, struct import_section *section,
                   const struct keepalived_node *block)
{
    const struct keepalived_node *script = keepalived_last(block, "script");
    const struct keepalived_node *failing = keepalived_last(block, "init_fail");

    if (import_value(script) == NULL)
        return;
    const char *text = keepalived_text(import->arena, script, 1);
    if (script->count > 2)
        IMPORT_ITEM(import, section, IMPORT_FAILOVER, script,
                    "keepalived runs '%s' without the words behind it, which are not in quotes "
                    "with it; here they count",
                    script->words[1]);
    bool known = write_known(import, section, script, text);
    import_tell_security(import, section, block, script);
    if (!known)
        write_program(import, section, block, script, text);
    write_times(import, section, block, !known);
    write_counts(import, section, block);
    if (failing != NULL)
        set(import, section, failing, KEY_INITIALLY, "failing");
}
