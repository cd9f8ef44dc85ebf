/*
 * notify scripts to hooks. Programs are run without keepalived's four last arguments, so `notify`
 * becomes three hooks with those arguments written out, where no other script has its place.
 */
#include "tools/import/import.h"
#include "tools/import/keys.h"

#include <assert.h>
#include <string.h>

/* keepalived's word, the key of vipd, and the state that `notify` gives to its script. */
static const struct state {
    const char *word;
    const char *also;
    const char *key;
    const char *argument;
} states[] = {
    {"notify_master", NULL, KEY_ON_MASTER, "MASTER"},
    {"notify_backup", NULL, KEY_ON_BACKUP, "BACKUP"},
    {"notify_fault", "notify_stop", KEY_ON_INIT, "FAULT"},
};

enum { STATES = sizeof(states) / sizeof(states[0]) };

struct hooks {
    struct import *import;
    struct import_section *section;
};

static void set_hook(struct hooks *hooks, const struct keepalived_node *node, const char *key,
                     const char *command)
{
    const struct keepalived_node *user = hooks->import->globals.script_user;

    assert(node != NULL);
    if (import_knows(hooks->section->type, key))
        command = import_command(hooks->import, hooks->section, node, command);
    if (!import_set(hooks->import->out, hooks->section, node, key, command))
        return;
    if (node->count > 2)
        import_user(hooks->import, hooks->section, node, node->words[2], KEY_HOOK_USER);
    else
        import_user(hooks->import, hooks->section, node, import_value(user), KEY_HOOK_USER);
}

/* The script of a state. on-init is both, FAULT and stop. */
static const struct keepalived_node *
set_state(struct hooks *hooks, const struct keepalived_node *block, const struct state *state)
{
    const struct keepalived_node *node = keepalived_last(block, state->word);
    const struct keepalived_node *also =
        state->also != NULL ? keepalived_last(block, state->also) : NULL;
    bool same = import_value(node) != NULL && import_value(also) != NULL &&
                strcmp(import_value(node), import_value(also)) == 0;

    if (import_value(also) != NULL && import_value(node) != NULL && !same)
        IMPORT_ITEM(hooks->import, hooks->section, IMPORT_LOST, also,
                    "%s is run when vipd stops as well, and it is %s's: VIPD_REASON tells which",
                    state->key, state->word);
    else if (state->also != NULL && (node == NULL) != (also == NULL) &&
             import_knows("instance", state->key))
        IMPORT_ITEM(hooks->import, hooks->section, IMPORT_NOTE, node != NULL ? node : also,
                    "%s is run on faults and when vipd stops; VIPD_REASON tells which", state->key);
    node = import_value(node) != NULL ? node : also;
    const char *command = import_value(node);
    if (command == NULL)
        return NULL;
    set_hook(hooks, node, state->key, command);
    return node;
}

void import_hooks(struct import *import, struct import_section *section,
                  const struct keepalived_node *block, const char *keepalived_kind,
                  const char *keepalived_name, const char *priority)
{
    const struct keepalived_node *notify = keepalived_last(block, "notify");
    const struct keepalived_node *taken[STATES] = {NULL};
    struct hooks hooks = {.import = import, .section = section};
    bool free_places = true;

    for (size_t i = 0; i < STATES; i++) {
        taken[i] = set_state(&hooks, block, &states[i]);
        free_places = free_places && taken[i] == NULL;
    }
    if (import_value(notify) != NULL && free_places && import_knows("instance", states[0].key)) {
        for (size_t i = 0; i < STATES; i++)
            set_hook(&hooks, notify, states[i].key,
                     arena_print(import->arena, "%s %s %s %s %s", import_value(notify),
                                 keepalived_kind, keepalived_name, states[i].argument, priority));
        IMPORT_ITEM(import, section, IMPORT_NOTE, notify,
                    "with the arguments that keepalived gives; the priority is the configured one, "
                    "and FAULT is told when vipd stops as well. New scripts: " KEY_ON_CHANGE
                    " and VIPD_STATE");
    } else if (import_value(notify) != NULL) {
        set_hook(&hooks, notify, KEY_ON_CHANGE, import_value(notify));
        if (import_knows("instance", KEY_ON_CHANGE))
            IMPORT_ITEM(import, section, IMPORT_LOST, notify,
                        "its arguments: the script gets VIPD_INSTANCE, VIPD_STATE, VIPD_PREVIOUS "
                        "and VIPD_REASON in the environment instead of four arguments");
    }
}
