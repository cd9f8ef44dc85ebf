/* vipctl reload: have vipd read its configuration again, and say what that changed. */
#include "tools/status/cmd_reload.h"

#include "lib/limits.h"
#include "tools/common/client.h"
#include "tools/common/field.h"
#include "tools/common/json_print.h"
#include "tools/common/options.h"

#include <stdio.h>
#include <string.h>

enum { SECTION_SIZE = NAME_SIZE + 16 };

/* ": priority, track", or nothing, and the end of the line. */
static void print_keys(const json_t *keys)
{
    const json_t *key;
    size_t i;

    json_array_foreach (keys, i, key)
        printf("%s%s", i == 0 ? ": " : ", ", json_string_value(key));
    putchar('\n');
}

static void print_change(const char *change, const char *what, const json_t *keys)
{
    printf("%-10s%s", change, what);
    print_keys(keys);
}

static void print_changes(const json_t *reply)
{
    const json_t *restart = json_object_get(reply, "needs_restart");
    const bool dry_run = field_true(reply, "dry_run");
    char name[SECTION_SIZE];
    const json_t *changes = json_object_get(reply, "changes");
    const json_t *change;
    size_t i;

    json_array_foreach (changes, i, change)
        print_change(field_text(change, "change"), field_text(change, "instance"),
                     json_object_get(change, "keys"));
    json_array_foreach (json_object_get(reply, "checks"), i, change) {
        snprintf(name, sizeof(name), "[check %s]", field_text(change, "check"));
        print_change(field_text(change, "change"), name, json_object_get(change, "keys"));
    }
    if (field_true(reply, "node_changed"))
        print_change("updated", "[node]", json_object_get(reply, "node_keys"));
    if (json_array_size(restart) > 0) {
        fputs("[node] needs a restart of vipd", stdout);
        print_keys(restart);
    }
    printf(dry_run ? "%zu would change, %lld stay untouched; nothing was changed\n"
                   : "%zu changed, %lld untouched\n",
           json_array_size(changes), field_number(reply, "unchanged"));
}

/* A refused reload, as `vipctl check --json` words it. Where vipd says no details there are still
 * its sentences. */
static void print_refusal(const json_t *reply)
{
    json_t *details = json_object_get(reply, "details");
    json_t *problems = json_is_array(details) ? json_incref(details) : json_array();
    json_t *sentence;
    size_t i;

    if (!json_is_array(details))
        json_array_foreach (json_object_get(reply, "problems"), i, sentence)
            json_array_append_new(problems,
                                  json_pack("{s:s, s:i, s:s, s:s, s:O}", "file", "", "line", 0,
                                            "section", "", "key", "", "text", sentence));
    json_t *all =
        json_pack("{s:i, s:b, s:o}", "version", 1, "valid", (int)false, "problems", problems);
    json_print(all);
    json_decref(all);
}

int cmd_reload(const struct context *context, int argc, char **argv)
{
    bool json = false;
    bool force = false;
    bool dry_run = false;
    const struct verb_option table[] = {{.name = "json", .flag = &json},
                                        {.name = "force", .flag = &force},
                                        {.name = "dry-run", .flag = &dry_run}};
    json_t *reply;

    if (options_read(argc, argv, table, sizeof(table) / sizeof(table[0])) != argc)
        return context_wrong_usage(context, NULL);
    json_t *parameters = json_object();
    if (force)
        json_object_set_new(parameters, "force", json_true());
    /* A vipd that does not know it refuses it. */
    if (dry_run)
        json_object_set_new(parameters, "dry_run", json_true());
    int r = client_ask(context, "io.vipd.Reload", parameters, &reply);
    if (r == EXIT_FAILED && json && reply != NULL)
        print_refusal(reply);
    if (r == 0)
        r = client_expect(context, reply, "changes", JSON_ARRAY);
    if (r == 0 && json) {
        json_print(reply);
    } else if (r == 0) {
        print_changes(reply);
    }
    json_decref(reply);
    return r;
}
