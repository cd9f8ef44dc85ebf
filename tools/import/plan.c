/* The steps of a migration: see plan.h. They are those of vipd-guide(7), with the names, addresses
 * and programs of this file. */
#include "tools/import/plan.h"

#include "tools/common/json_print.h"
#include "tools/common/wrap.h"
#include "tools/import/keys.h"
#include "tools/import/summary.h"

#include <stdio.h>
#include <string.h>

enum { NAMED_MAX = 6 };

/* Lines of one kind of a step. */
struct lines {
    const char **list;
    size_t count;
};

struct step {
    const char *title;
    const char *node;
    struct lines actions;
    struct lines watch;
    struct lines back;
    struct step *next;
};

struct plan {
    struct arena *arena;
    const struct import_output *out;
    const char *head;
    struct step *first;
    struct step *last;
};

static void add_line(struct plan *plan, struct lines *lines, const char *text)
{
    lines->list = arena_grow(plan->arena, lines->list, lines->count, sizeof(*lines->list));
    lines->list[lines->count++] = text;
}

#define ADD(plan, lines, ...) add_line((plan), (lines), arena_print((plan)->arena, __VA_ARGS__))

static struct step *add_step(struct plan *plan, const char *node, const char *title)
{
    struct step *step = arena_take(plan->arena, sizeof(*step));

    step->title = title;
    step->node = node;
    if (plan->last != NULL)
        plan->last->next = step;
    else
        plan->first = step;
    plan->last = step;
    return step;
}

static bool is_live(const struct import_section *section, const char *type)
{
    return section->known && !section->refused && strcmp(section->type, type) == 0;
}

static const struct import_section *first_instance(const struct plan *plan)
{
    const struct import_section *section = plan->out->first;

    while (section != NULL && !is_live(section, "instance"))
        section = section->next;
    return section;
}

/* The first address of an instance, without what stands behind it. */
static const char *address_of(const struct plan *plan, const struct import_section *section)
{
    const char *list = section != NULL ? import_get(section, KEY_ADDRESSES) : NULL;

    if (list == NULL)
        return NULL;
    return arena_text(plan->arena, list, strcspn(list, "/ ,"));
}

/* What the two masters of a careless beginning come from. */
static void add_worst(struct plan *plan)
{
    const struct import_item **list = NULL;
    size_t count = import_worst(plan->out, &list);
    struct step *step = NULL;

    for (size_t i = 0; i < count && list[i]->kind == IMPORT_MASTERS; i++) {
        if (step == NULL)
            step = add_step(plan, "all nodes", "Settle what would make two masters, or none");
        if (step->actions.count == NAMED_MAX) {
            ADD(plan, &step->actions, "and what else 'vipctl import' lists under it");
            break;
        }
        ADD(plan, &step->actions, "%s:%u: %s: %s",
            import_short_name(plan->out, list[i]->place.file), list[i]->place.line, list[i]->text,
            list[i]->why);
    }
    if (step != NULL)
        ADD(plan, &step->watch,
            "Nothing else begins before this is done: import again, and the "
            "first lines of DIFFERS are gone or understood");
}

static void add_programs(struct plan *plan, struct step *step)
{
    for (const struct import_section *s = plan->out->first; s != NULL; s = s->next) {
        const char *command = is_live(s, SECTION_CHECK) ? import_get(s, KEY_COMMAND) : NULL;

        if (command != NULL)
            ADD(plan, &step->actions,
                "check %s: 'runuser -u vipd -- %s; echo $?' says 0 where keepalived's root got 0",
                s->name, command);
        if (is_live(s, SECTION_CHECK) && import_get(s, KEY_EXECUTABLE) != NULL)
            ADD(plan, &step->actions,
                "check %s looks for a process: 'systemctl edit vipd', [Service], "
                "ProtectProc=default; then 'systemctl restart vipd'",
                s->name);
    }
}

static void add_preparation(struct plan *plan)
{
    struct step *step = add_step(plan, "each node", "Prepare; keepalived runs on");

    ADD(plan, &step->actions,
        "Install vipd. It has no instance yet and touches nothing beside keepalived");
    ADD(plan, &step->actions,
        "vipctl import -o /etc/vipd/vipd.conf   (each node of its own keepalived.conf)");
    ADD(plan, &step->actions, "Read DIFFERS at its head, the worst first");
    add_programs(plan, step);
    ADD(plan, &step->actions, "vipctl check && vipctl doctor");
    ADD(plan, &step->watch,
        "The addresses, the version, the VRID and the interval of all nodes "
        "are the same; priorities differ");
    ADD(plan, &step->back, "Nothing has changed yet: remove the package");
}

static bool has_word(const struct plan *plan, const char *word)
{
    const struct keepalived_node *node =
        plan->out->tree != NULL ? plan->out->tree->root.first : NULL;

    while (node != NULL && !keepalived_is(node, word))
        node = node->next;
    return node != NULL;
}

/* keepalived stops, vipd takes over its part; the same on each node. */
static void add_switch(struct plan *plan, struct step *step)
{
    const char *address = address_of(plan, first_instance(plan));

    if (has_word(plan, "virtual_server"))
        ADD(plan, &step->actions,
            "keepalived stays for virtual_server: take all vrrp_ blocks out of its file, then "
            "'systemctl restart keepalived' in place of the next line");
    ADD(plan, &step->actions, "systemctl disable --now keepalived");
    if (address != NULL)
        ADD(plan, &step->actions,
            "ip -brief address show to %s   (and the others: nothing may be left; what a killed "
            "keepalived leaves goes by 'ip address del')",
            address);
    ADD(plan, &step->actions, "systemctl enable --now vipd; systemctl reload vipd");
    ADD(plan, &step->back, "systemctl disable --now vipd; systemctl enable --now keepalived");
}

static void add_backup(struct plan *plan)
{
    const struct import_section *instance = first_instance(plan);
    const char *address = address_of(plan, instance);
    struct step *step = add_step(plan, "the backup", "Replace the backup first");

    if (address != NULL)
        ADD(plan, &step->actions,
            "It is the node on which 'ip -brief address show to %s' prints nothing", address);
    add_switch(plan, step);
    ADD(plan, &step->watch,
        "vipctl status: BACKUP, with the other node as master, within four intervals. MASTER there "
        "means that it does not take the other's adverts: go back at once");
    ADD(plan, &step->watch,
        "vipctl status NAME: no adverts refused, no warning; and 'vipctl doctor'");
    ADD(plan, &step->watch, "On the other node, in the journal of keepalived: no change of state");
}

static void add_master(struct plan *plan)
{
    const struct import_section *instance = first_instance(plan);
    const char *name = instance != NULL ? instance->name : "NAME";
    struct step *step = add_step(plan, "the master", "Then the master, another day if you like");

    ADD(plan, &step->actions,
        "A hand-over follows: the addresses go to the other node, which has vipd by now. "
        "keepalived "
        "gives them up first, so that they are nowhere for a part of an advert interval");
    add_switch(plan, step);
    ADD(plan, &step->watch, "On the other node: vipctl status says MASTER, and 'vipctl why %s' why",
        name);
    ADD(plan, &step->watch,
        "Here: vipctl status. With the higher priority and without 'preempt = no' it takes the "
        "addresses back, from vipd to vipd, without a lost packet");
}

static void add_version3(struct plan *plan)
{
    bool version2 = false;
    bool password = false;

    for (const struct import_section *s = plan->out->first; s != NULL; s = s->next) {
        const char *version = is_live(s, "instance") ? import_get(s, "version") : NULL;

        version2 = version2 || (version != NULL && strcmp(version, "2") == 0);
        password = password || (is_live(s, "instance") && import_get(s, KEY_PASSWORD) != NULL);
    }
    if (!version2)
        return;
    struct step *step =
        add_step(plan, "all nodes",
                 password ? "Later, when all nodes run vipd: version 3, and no password"
                          : "Later, when all nodes run vipd: version 3");
    ADD(plan, &step->actions, "On every node: in each [instance] 'version = 3'%s; vipctl check",
        password ? ", and the line of 'password' out" : "");
    ADD(plan, &step->actions,
        "On every backup: systemctl reload vipd   (until the master follows "
        "it takes adverts as before)");
    ADD(plan, &step->actions, "On the master, last: systemctl reload vipd");
    ADD(plan, &step->watch, "vipctl status: one MASTER before, during and after it");
    ADD(plan, &step->back, "The same way with the old lines, the master last");
}

static void add_end(struct plan *plan)
{
    struct step *step = add_step(plan, "each node", "Leave it");

    ADD(plan, &step->actions,
        "Some days later: 'apt purge keepalived', its file kept; its scripts are used on");
}

struct plan *plan_make(const struct import_output *out)
{
    struct plan *plan = arena_take(out->arena, sizeof(*plan));
    size_t instances = 0;

    *plan = (struct plan){.arena = out->arena, .out = out};
    for (const struct import_section *s = out->first; s != NULL; s = s->next)
        instances += is_live(s, "instance") ? 1 : 0;
    plan->head =
        arena_print(plan->arena,
                    "From keepalived to vipd: %s, %zu instance%s. Node by node; at no time "
                    "do both run the same VRID on one node.",
                    out->source, instances, instances == 1 ? "" : "s");
    add_worst(plan);
    add_preparation(plan);
    add_backup(plan);
    add_master(plan);
    add_version3(plan);
    add_end(plan);
    return plan;
}

static void print_lines(const char *label, const struct lines *lines, bool numbered)
{
    for (size_t i = 0; i < lines->count; i++) {
        int indent = numbered ? printf("   %c) ", (char)('a' + (int)(i % 26)))
                              : printf("   %-6s", i == 0 ? label : "");

        wrap_print(stdout, lines->list[i], (size_t)indent, (size_t)indent, wrap_columns());
        putchar('\n');
    }
}

void plan_print(const struct plan *plan)
{
    unsigned number = 0;

    wrap_print(stdout, plan->head, 0, 0, wrap_columns());
    putchar('\n');
    for (const struct step *step = plan->first; step != NULL; step = step->next) {
        printf("\n%u. On %s: %s\n", ++number, step->node, step->title);
        print_lines("", &step->actions, true);
        print_lines("watch", &step->watch, false);
        print_lines("back", &step->back, false);
    }
}

static json_t *lines_json(const struct lines *lines)
{
    json_t *list = json_array();

    for (size_t i = 0; i < lines->count; i++)
        json_array_append_new(list, json_text(lines->list[i]));
    return list;
}

json_t *plan_json(const struct plan *plan)
{
    json_t *list = json_array();

    for (const struct step *step = plan->first; step != NULL; step = step->next)
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "title", json_text(step->title), "node",
                            json_text(step->node), "do", lines_json(&step->actions), "watch",
                            lines_json(&step->watch), "back", lines_json(&step->back)));
    return list;
}
