/* Replies to Reload: what differs, instance by instance and key by key, and what is wrong with a
 * configuration. Keys are named and their values left out: some are secrets. */
#include "lib/config/schema.h"
#include "lib/control/control.h"

static const char *change_name(enum config_change_kind kind)
{
    switch (kind) {
    case CONFIG_UNCHANGED:
        break;
    case CONFIG_ADDED:
        return "added";
    case CONFIG_REMOVED:
        return "removed";
    case CONFIG_UPDATED:
        return "updated";
    case CONFIG_REPLACED:
        return "replaced";
    }
    return "unchanged";
}

/* The keys of a section that have another value; restart: those that need a restart of vipd alone.
 */
static json_t *key_names(const struct config_section *section, const void *before,
                         const void *after, bool restart)
{
    json_t *names = json_array();
    const struct config_key *key;
    size_t next = 0;

    while ((key = config_diff_key(section, before, after, &next)) != NULL)
        if (!restart || key->reload == RELOAD_NOTHING)
            json_array_append_new(names, json_string(key->name));
    return names;
}

static json_t *instance_json(const struct config_change *change)
{
    const struct config_instance *instance = change->after != NULL ? change->after : change->before;
    json_t *json =
        json_pack("{s:s, s:s}", "instance", instance->name, "change", change_name(change->kind));

    if (change->before != NULL && change->after != NULL)
        json_object_set_new(
            json, "keys",
            key_names(config_schema_instance(), change->before, change->after, false));
    return json;
}

static json_t *check_json(const struct config_diff *diff, const struct config_check_change *change)
{
    const struct config_check *before = config_find_check(diff->before, change->name);
    const struct config_check *after = config_find_check(diff->after, change->name);
    json_t *json =
        json_pack("{s:s, s:s}", "check", change->name, "change", change_name(change->kind));

    if (before != NULL && after != NULL)
        json_object_set_new(json, "keys", key_names(config_schema_check(), before, after, false));
    return json;
}

json_t *control_reply_reload(const struct config_diff *diff, bool dry_run)
{
    const struct config_section *node = config_schema_node();
    json_t *changes = json_array();
    json_t *checks = json_array();
    json_int_t unchanged = 0;

    for (size_t i = 0; i < diff->count; i++) {
        if (diff->list[i].kind == CONFIG_UNCHANGED)
            unchanged++;
        else
            json_array_append_new(changes, instance_json(&diff->list[i]));
    }
    for (size_t i = 0; i < diff->check_count; i++)
        json_array_append_new(checks, check_json(diff, &diff->checks[i]));
    return control_reply(
        json_pack("{s:o, s:I, s:b, s:o, s:o, s:o, s:b}", "changes", changes, "unchanged", unchanged,
                  "node_changed", (int)diff->node_changed, "checks", checks, "node_keys",
                  key_names(node, diff->before, diff->after, false), "needs_restart",
                  key_names(node, diff->before, diff->after, true), "dry_run", (int)dry_run),
        false);
}

/* Texts are NULL where there was no memory for them. */
static json_t *problem_json(const struct config_problem *problem)
{
    const char *file = problem->file != NULL ? problem->file : "";
    const char *section = problem->section != NULL ? problem->section : "";
    const char *key = problem->key != NULL ? problem->key : "";
    const char *text = problem->text != NULL ? problem->text : "out of memory";

    return json_pack("{s:o, s:I, s:o, s:o, s:o}", "file", control_text_to_json(file), "line",
                     (json_int_t)problem->line, "section", control_text_to_json(section), "key",
                     control_text_to_json(key), "text", control_text_to_json(text));
}

json_t *control_error_reload(const struct config_problems *problems)
{
    enum { LINE_SIZE = 1024 };
    json_t *list = json_array();
    json_t *details = json_array();
    char line[LINE_SIZE];

    for (size_t i = 0; i < problems->count; i++) {
        json_array_append_new(list, control_text_to_json(config_problem_format(
                                        &problems->list[i], line, sizeof(line))));
        json_array_append_new(details, problem_json(&problems->list[i]));
    }
    return control_error(CONTROL_ERROR_RELOAD_FAILED,
                         json_pack("{s:o, s:o}", "problems", list, "details", details));
}

json_t *control_error_reload_text(const char *problem)
{
    const struct config_problem detail = {.text = (char *)problem};

    return control_error(CONTROL_ERROR_RELOAD_FAILED,
                         json_pack("{s:[o], s:[o]}", "problems", control_text_to_json(problem),
                                   "details", problem_json(&detail)));
}
