/* Wanted against observed, and what goes to the kernel; see route_flight.h. */
#include "agent/kernel/route_flight.h"

#include "agent/base/clock.h"
#include "agent/kernel/route_match.h"
#include "agent/kernel/route_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One request: of a wish, or the removal of what is there. */
struct route_step {
    enum route_operation operation;
    size_t index;
};

int route_flight_open(struct route_flight *flight)
{
    int r = rtnl_batch_open(&flight->rtnl);

    return r < 0 ? r : route_reader_open(&flight->reader);
}

void route_flight_close(struct route_flight *flight)
{
    rtnl_batch_close(flight->rtnl);
    route_reader_close(flight->reader);
    free(flight->wishes);
    free(flight->there.list);
    free(flight->steps);
}

struct route_wish *route_flight_add(struct route_flight *flight)
{
    if (flight->count == flight->room) {
        size_t room = flight->room > 0 ? flight->room * 2 : 16;
        struct route_wish *wishes = realloc(flight->wishes, room * sizeof(*wishes));

        if (wishes == NULL)
            return NULL;
        flight->wishes = wishes;
        flight->room = room;
    }
    struct route_wish *wish = &flight->wishes[flight->count++];
    memset(wish, 0, sizeof(*wish));
    return wish;
}

static bool make_steps(struct route_flight *flight)
{
    size_t room = flight->count + flight->there.count + 1;

    if (room <= flight->step_room)
        return true;
    struct route_step *steps = realloc(flight->steps, room * sizeof(*steps));
    if (steps == NULL)
        return false;
    flight->steps = steps;
    flight->step_room = room;
    return true;
}

static struct route_item *find(const struct route_items *items, const struct route_item *wanted,
                               bool (*fits)(const struct route_item *, const struct route_item *))
{
    for (size_t i = 0; i < items->count; i++)
        if (fits(wanted, &items->list[i]))
            return &items->list[i];
    return NULL;
}

/* What the kernel has of that kind has just been read. */
static bool is_known(const struct route_flight *flight, enum route_kind kind)
{
    if (kind == ROUTE_ITEM_RULE)
        return flight->rules_known;
    return flight->look && flight->look_result == 0;
}

/* ---- Answers */

static void take_in(const struct route_flight *flight, struct route_wish *wish, unsigned answer)
{
    wish->result = rtnl_batch_result(flight->rtnl, answer);
    snprintf(wish->detail, sizeof(wish->detail), "%s", rtnl_batch_detail(flight->rtnl, answer));
}

/* Something is in its place. */
static void note_there(struct route_flight *flight, struct route_wish *wish)
{
    if (find(&flight->there, &wish->item, route_match) != NULL)
        wish->result = 0;
    else if (!is_known(flight, wish->item.kind))
        flight->unsure = true;
}

static void note_added(struct route_flight *flight, struct route_wish *wish,
                       enum route_operation operation)
{
    struct route_item *there = find(&flight->there, &wish->item,
                                    operation == ROUTE_REPLACE ? route_match_place : route_match);

    wish->added = operation == ROUTE_ADD;
    if (there != NULL)
        *there = wish->item;
    else if (!route_items_add(&flight->there, &wish->item))
        flight->unsure = true;
}

static void note_wish(struct route_flight *flight, const struct route_step *step, unsigned answer)
{
    struct route_wish *wish = &flight->wishes[step->index];

    take_in(flight, wish, answer);
    if (wish->result == -EEXIST)
        note_there(flight, wish);
    else if (wish->result == 0)
        note_added(flight, wish, step->operation);
}

/* What has gone by itself is gone as well. */
static void note_removal(struct route_flight *flight, const struct route_step *step,
                         unsigned answer)
{
    int result = rtnl_batch_result(flight->rtnl, answer);
    struct route_item *there = &flight->there.list[step->index];

    if (result == 0)
        flight->removed++;
    else if (result == -ESRCH || result == -ENOENT || result == -ENODEV)
        result = 0;
    there->kept = result < 0;
    if (flight->removal_error == 0)
        flight->removal_error = result;
}

static void carry_out(struct route_flight *flight, const struct route_step *steps, size_t count)
{
    for (size_t i = 0; i < count;) {
        size_t first = i;

        while (i < count && !rtnl_batch_full(flight->rtnl)) {
            const struct route_step *step = &steps[i++];

            route_write(flight->rtnl, step->operation,
                        step->operation == ROUTE_REMOVE ? &flight->there.list[step->index]
                                                        : &flight->wishes[step->index].item);
        }
        (void)rtnl_batch_send(flight->rtnl);
        for (size_t k = first; k < i; k++) {
            if (steps[k].operation == ROUTE_REMOVE)
                note_removal(flight, &steps[k], (unsigned)(k - first));
            else
                note_wish(flight, &steps[k], (unsigned)(k - first));
        }
    }
}

/* ---- The comparison */

/* Routes before the rules that lead to them. */
static size_t plan_kind(struct route_flight *flight, enum route_kind kind, size_t count)
{
    bool known = is_known(flight, kind);

    for (size_t i = 0; i < flight->count; i++) {
        struct route_wish *wish = &flight->wishes[i];
        enum route_operation operation = ROUTE_ADD;

        if (wish->item.kind != kind)
            continue;
        if (wish->no_link) {
            wish->result = -ENODEV;
            continue;
        }
        struct route_item *there = find(&flight->there, &wish->item, route_match);
        if (there != NULL) {
            there->kept = true;
            if (known)
                continue;
        }
        struct route_item *place =
            known ? find(&flight->there, &wish->item, route_match_place) : NULL;
        if (place != NULL) {
            place->kept = true;
            operation = ROUTE_REPLACE;
        }
        flight->steps[count++] = (struct route_step){.operation = operation, .index = i};
    }
    return count;
}

/* Without having looked, what is in the way of a wish has to go first. */
static void clear_places(struct route_flight *flight)
{
    size_t count = 0;

    for (size_t i = 0; i < flight->there.count; i++)
        for (size_t k = 0; k < flight->count && !flight->there.list[i].kept; k++)
            if (route_match_place(&flight->wishes[k].item, &flight->there.list[i])) {
                flight->steps[count++] = (struct route_step){.operation = ROUTE_REMOVE, .index = i};
                break;
            }
    carry_out(flight, flight->steps, count);
}

static void keep_all(struct route_flight *flight, bool kept)
{
    for (size_t i = 0; i < flight->there.count; i++)
        flight->there.list[i].kept = kept;
}

/* What is not kept has been removed. */
static void forget_removed(struct route_flight *flight)
{
    struct route_items *there = &flight->there;
    size_t count = 0;

    for (size_t i = 0; i < there->count; i++)
        if (there->list[i].kept)
            there->list[count++] = there->list[i];
    there->count = count;
}

static void add_missing(struct route_flight *flight)
{
    keep_all(flight, false);
    size_t count = plan_kind(flight, ROUTE_ITEM_ROUTE, 0);
    count = plan_kind(flight, ROUTE_ITEM_RULE, count);
    /* Its steps are those of what is planned now: planned anew afterwards. */
    if (!is_known(flight, ROUTE_ITEM_ROUTE)) {
        clear_places(flight);
        count = plan_kind(flight, ROUTE_ITEM_ROUTE, 0);
        count = plan_kind(flight, ROUTE_ITEM_RULE, count);
    }
    carry_out(flight, flight->steps, count);
    /* What was added is wanted. */
    for (size_t i = 0; i < flight->count; i++) {
        struct route_item *there = find(&flight->there, &flight->wishes[i].item, route_match);

        if (there != NULL)
            there->kept = true;
    }
}

static void remove_unwanted(struct route_flight *flight)
{
    size_t count = 0;

    for (unsigned kind = 0; kind < 2; kind++)
        for (size_t i = 0; i < flight->there.count; i++)
            if (!flight->there.list[i].kept &&
                flight->there.list[i].kind == (kind == 0 ? ROUTE_ITEM_RULE : ROUTE_ITEM_ROUTE))
                flight->steps[count++] = (struct route_step){.operation = ROUTE_REMOVE, .index = i};
    carry_out(flight, flight->steps, count);
    forget_removed(flight);
}

/* Rules are few, and always read: one that names no priority is added a second time by the kernel
 * where it is there already, and would be left behind. */
static void look(struct route_flight *flight)
{
    uint64_t began_ns = clock_boot_ns();
    int r = flight->look ? route_read(flight->reader, &flight->there)
                         : route_read_rules(flight->reader, &flight->there);

    flight->rules_known = r == 0;
    flight->unsure = r < 0;
    flight->look_result = flight->look ? r : 0;
    if (flight->look)
        flight->look_ns = clock_boot_ns() - began_ns;
}

void route_flight_run(struct route_flight *flight)
{
    flight->removed = 0;
    flight->removal_error = 0;
    look(flight);
    if (!make_steps(flight)) {
        flight->look_result = -ENOMEM;
        return;
    }
    add_missing(flight);
    /* There may be more by now than there was. */
    if (make_steps(flight))
        remove_unwanted(flight);
}
