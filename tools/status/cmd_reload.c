/* vipctl reload: have vipd read its configuration again, and say what that changed. */
#include "tools/status/cmd_reload.h"

#include "tools/common/client.h"
#include "tools/common/field.h"
#include "tools/common/json_print.h"
#include "tools/common/options.h"

#include <stdio.h>
#include <string.h>

static void print_changes(const json_t *reply)
{
    const json_t *changes = json_object_get(reply, "changes");
    const json_t *change;
    size_t i;

    json_array_foreach (changes, i, change)
        printf("%-10s%s\n", field_text(change, "change"), field_text(change, "instance"));
    json_array_foreach (json_object_get(reply, "checks"), i, change)
        printf("%-10s[check %s]\n", field_text(change, "change"), field_text(change, "check"));
    if (field_true(reply, "node_changed"))
        puts("updated   [node]");
    printf("%zu changed, %lld untouched\n", json_array_size(changes),
           field_number(reply, "unchanged"));
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
    const struct verb_option table[] = {{.name = "json", .flag = &json},
                                        {.name = "force", .flag = &force}};
    json_t *reply;

    if (options_read(argc, argv, table, sizeof(table) / sizeof(table[0])) != argc)
        return context_wrong_usage(context, NULL);
    json_t *parameters = force ? json_pack("{s:b}", "force", (int)true) : NULL;
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
