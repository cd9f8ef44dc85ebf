/* The [check] sections: of what checks.c has found to be tracked. */
#include "tools/import/import.h"
#include "tools/import/keys.h"

#include <string.h>

static void set(struct import *import, struct import_section *section,
                const struct keepalived_node *node, const char *key, const char *value)
{
    import_set(import->out, section, node, key, value);
}

/* A program by its name; keepalived takes a path as well. */
static void write_process(struct import *import, struct import_section *section,
                          const struct keepalived_node *block)
{
    const struct keepalived_node *node = keepalived_last(block, "process");
    const char *value = import_value(node);

    if (value == NULL)
        return;
    const char *slash = strrchr(value, '/');
    import_executable(import, section, node, slash != NULL ? slash + 1 : value);
    if (node->count > 2)
        IMPORT_ITEM(import, section, IMPORT_FAILOVER, node,
                    "arguments of the process are not looked at");
}

static void write_check(struct import *import, struct import_section *section,
                        const struct import_check *check)
{
    if (check->scope == SCOPE_SCRIPT) {
        import_script(import, section, check->block);
    } else {
        set(import, section, check->use, KEY_TYPE, check->type);
        if (check->scope == SCOPE_FILE)
            set(import, section, check->use, KEY_INTERFACE, check->target);
        else if (check->scope == SCOPE_PROCESS)
            write_process(import, section, check->block);
        else if (import_value(keepalived_last(check->block, "file")) != NULL) {
            set(import, section, keepalived_last(check->block, "file"), KEY_PATH,
                import_value(keepalived_last(check->block, "file")));
            set(import, section, check->use, KEY_CONTENT,
                strcmp(check->weight, "0") == 0 ? CONTENT_ZERO : CONTENT_NUMBER);
        }
    }
    if (strcmp(check->weight, "0") != 0 && check->scope != SCOPE_TRACK_FILE)
        set(import, section, check->use, KEY_WEIGHT, check->weight);
    if (check->block != NULL)
        import_sort_out(import, check->scope, section, check->block);
}

/* Not run by keepalived either. */
static void tell_untracked(struct import *import)
{
    for (const struct keepalived_node *n = import->tree->root.first; n != NULL; n = n->next) {
        bool tracked = false;

        if (!keepalived_is(n, "vrrp_script") && !keepalived_is(n, "vrrp_track_process") &&
            !keepalived_is(n, "track_file") && !keepalived_is(n, "vrrp_track_file"))
            continue;
        for (size_t i = 0; i < import->check_count; i++)
            tracked = tracked || import->checks[i].block == n;
        if (!tracked)
            IMPORT_ITEM(import, NULL, IMPORT_NOTE, n,
                        "nothing tracks it, so that keepalived does not run it: left out");
    }
}

void import_write_checks(struct import *import)
{
    for (size_t i = 0; i < import->check_count; i++) {
        const struct import_check *check = &import->checks[i];
        const struct keepalived_node *node = check->block != NULL ? check->block : check->use;
        struct import_section *section =
            import_section(import->out, SECTION_CHECK, check->name, node);

        write_check(import, section, check);
    }
    tell_untracked(import);
}
