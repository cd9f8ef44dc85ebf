/*
 * notify scripts to hooks. Programs are run without keepalived's four last arguments, so `notify`
 * becomes three hooks with those arguments written out, where no other script has its place.
 *
 * vipd has one hook for all that ends an instance, on-init; keepalived has one for faults, one for
 * the end, and nothing for a reload. Which it was is in VIPD_REASON, and a line of shell around the
 * script asks for it: a notify_fault that stops a service must not run whenever vipd is stopped.
 */
#include "tools/import/commands.h"
#include "tools/import/import.h"
#include "tools/import/keys.h"
#include "tools/import/sandbox.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

/* The reasons of on-init that are no fault: keepalived's end, and what it has nothing for. */
#define ENDS  "stopped|drained"
#define OTHER "reconfigured"

struct hooks {
    struct import *import;
    struct import_section *section;
    const struct keepalived_node *block;
    bool of_group;
};

/* The statement that counts: keepalived ignores the further ones. */
static const struct keepalived_node *statement(const struct hooks *hooks, const char *word)
{
    const struct keepalived_node *node = keepalived_first(hooks->block, word);
    const struct keepalived_node *again = node != NULL ? node->next : NULL;

    for (; again != NULL; again = again->next) {
        if (keepalived_is(again, word))
            IMPORT_ITEM(hooks->import, hooks->section, IMPORT_NOTE, again,
                        "a second time: keepalived takes the first, and so does this");
    }
    return node;
}

/* No user has such a name: an argument that is not in quotes. */
static bool is_no_user(const char *word)
{
    bool small = false;

    for (const char *at = word; *at != '\0'; at++)
        small = small || islower((unsigned char)*at);
    return !small || strpbrk(word, "/:=.$\"'") != NULL || isdigit((unsigned char)word[0]) ||
           word[0] == '-';
}

/* The command of a statement; NULL: keepalived runs none. */
static const char *command_of(const struct hooks *hooks, const struct keepalived_node *node)
{
    if (import_value(node) == NULL)
        return NULL;
    if (node->count > 2 && is_no_user(node->words[2])) {
        IMPORT_ITEM(hooks->import, hooks->section, IMPORT_NOTE, node,
                    "keepalived takes '%s' for the user to run it as, does not find it and runs "
                    "nothing: left out. An argument has to be in quotes with the program",
                    node->words[2]);
        return NULL;
    }
    return import_value(node);
}

static void judge(const struct hooks *hooks, const struct keepalived_node *node,
                  const char *command)
{
    const struct program program = {
        .command = command,
        .node = node,
        .user = node->count > 2 ? node->words[2] : import_value(hooks->import->globals.script_user),
        .user_key = KEY_HOOK_USER,
        .hook = true,
    };

    import_program(hooks->import, hooks->section, &program);
}

static void set_hook(const struct hooks *hooks, const struct keepalived_node *node, const char *key,
                     const char *command)
{
    if (import_knows(hooks->section->type, key))
        command = import_command(hooks->import, hooks->section, node, command);
    import_set(hooks->import->out, hooks->section, node, key, command);
}

/* A script of one state as it is. True: there is one. */
static bool set_state(const struct hooks *hooks, const char *word, const char *key)
{
    const struct keepalived_node *node = statement(hooks, word);
    const char *command = node != NULL ? command_of(hooks, node) : NULL;

    if (command == NULL)
        return false;
    set_hook(hooks, node, key, command);
    judge(hooks, node, command);
    return true;
}

/* A command as a shell runs it in its own place. */
static const char *exec_of(const struct hooks *hooks, const char *command)
{
    if (import_needs_shell(command))
        return arena_print(hooks->import->arena, "exec /bin/sh -c %s",
                           import_quoted(hooks->import, command));
    return arena_print(hooks->import->arena, "exec %s", import_words_of(hooks->import, command));
}

/* on-init with a script for faults and one for the end; NULL: none. */
static void set_end(const struct hooks *hooks, const struct keepalived_node *node,
                    const char *fault, const char *stop)
{
    const char *script = arena_print(
        hooks->import->arena, "case $VIPD_REASON in " ENDS ") %s;; " OTHER ") :;; *) %s;; esac",
        stop != NULL ? exec_of(hooks, stop) : ":", fault != NULL ? exec_of(hooks, fault) : ":");

    if (import_set(hooks->import->out, hooks->section, node, KEY_ON_INIT,
                   arena_print(hooks->import->arena, "/bin/sh -c %s",
                               import_quoted(hooks->import, script))))
        IMPORT_ITEM(hooks->import, hooks->section, IMPORT_NOTE, node,
                    KEY_ON_INIT " is for all that ends an instance: the line of shell asks "
                                "VIPD_REASON whether it was a fault or the end of vipd");
}

/* notify_fault and notify_stop. True: there is one of them. */
static bool set_fault_and_stop(const struct hooks *hooks)
{
    const struct keepalived_node *fault = statement(hooks, "notify_fault");
    const struct keepalived_node *stop = statement(hooks, "notify_stop");
    const char *of_fault = fault != NULL ? command_of(hooks, fault) : NULL;
    const char *of_stop = stop != NULL ? command_of(hooks, stop) : NULL;

    if (of_fault == NULL && of_stop == NULL)
        return false;
    set_end(hooks, of_fault != NULL ? fault : stop, of_fault, of_stop);
    if (of_fault != NULL)
        judge(hooks, fault, of_fault);
    if (of_stop != NULL)
        judge(hooks, stop, of_stop);
    return true;
}

/* `notify`: its script with the arguments of each state, where no other has the place. */
static void set_all_states(const struct hooks *hooks, const struct keepalived_node *node,
                           const char *command, const char *name, const char *priority)
{
    struct arena *arena = hooks->import->arena;
    const char *kind = hooks->of_group ? "GROUP" : "INSTANCE";
    const char *words[] = {"MASTER", "BACKUP", "FAULT", "STOP"};
    const char *with[4];

    for (size_t i = 0; i < 4; i++)
        with[i] = arena_print(arena, "%s %s %s %s %s", command, kind,
                              import_quoted(hooks->import, name), words[i], priority);
    set_hook(hooks, node, KEY_ON_MASTER, with[0]);
    set_hook(hooks, node, KEY_ON_BACKUP, with[1]);
    set_end(hooks, node, with[2], hooks->of_group ? NULL : with[3]);
    IMPORT_ITEM(hooks->import, hooks->section, IMPORT_NOTE, node,
                "with the arguments that keepalived gives; the priority is the configured one. New "
                "scripts: " KEY_ON_CHANGE " and VIPD_STATE");
}

static void set_notify(const struct hooks *hooks, bool free_places, const char *name,
                       const char *priority)
{
    const struct keepalived_node *node = statement(hooks, "notify");
    const char *command = node != NULL ? command_of(hooks, node) : NULL;

    if (command == NULL)
        return;
    if (free_places && import_knows("instance", KEY_ON_MASTER)) {
        set_all_states(hooks, node, command, name, priority);
    } else {
        set_hook(hooks, node, KEY_ON_CHANGE, command);
        if (import_knows("instance", KEY_ON_CHANGE))
            IMPORT_ITEM(hooks->import, hooks->section, IMPORT_FAILOVER, node,
                        "its arguments: the script gets VIPD_INSTANCE, VIPD_STATE, VIPD_PREVIOUS "
                        "and VIPD_REASON in the environment instead of four arguments");
    }
    judge(hooks, node, command);
}

/* The hook for a lower master that was heard. */
static void set_rival(const struct hooks *hooks)
{
    static const char word[] = "notify_master_rx_lower_pri";
    const struct keepalived_node *node = statement(hooks, word);
    const char *command = node != NULL ? command_of(hooks, node) : NULL;

    if (command == NULL)
        return;
    if (import_knows(hooks->section->type, KEY_ON_RIVAL))
        set_state(hooks, word, KEY_ON_RIVAL);
    else
        IMPORT_ITEM(hooks->import, hooks->section, IMPORT_FAILOVER, node,
                    "there is no hook for it; 'vipctl status NAME' counts them");
}

void import_hooks(struct import *import, struct import_section *section,
                  const struct keepalived_node *block, bool of_group, const char *keepalived_name,
                  const char *priority)
{
    const struct hooks hooks = {
        .import = import, .section = section, .block = block, .of_group = of_group};
    bool master = set_state(&hooks, "notify_master", KEY_ON_MASTER);
    bool backup = set_state(&hooks, "notify_backup", KEY_ON_BACKUP);
    bool end = set_fault_and_stop(&hooks);

    assert(section != NULL);
    set_notify(&hooks, !master && !backup && !end, keepalived_name, priority);
    set_rival(&hooks);
}
