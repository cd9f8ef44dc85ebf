/* See addresses.h. */
#include "tools/common/addresses.h"

#include "lib/packet/address.h"
#include "tools/common/field.h"

#include <stdio.h>
#include <string.h>

static bool is_link_local(const json_t *address)
{
    char text[ADDRESS_TEXT_SIZE];
    struct ip_address parsed;

    snprintf(text, sizeof(text), "%s", field_text(address, "address"));
    text[strcspn(text, "/")] = '\0';
    return ip_address_parse(text, &parsed) && ip_address_is_link_local(&parsed);
}

static bool has_others(const json_t *list)
{
    const json_t *address;
    size_t i;

    json_array_foreach (list, i, address)
        if (!is_link_local(address))
            return true;
    return false;
}

struct address_sum address_sum(const json_t *instance)
{
    const json_t *list = json_object_get(instance, "addresses");
    bool skip = has_others(list);
    struct address_sum sum = {.first = "-"};
    const json_t *address;
    size_t i;

    json_array_foreach (list, i, address) {
        if (skip && is_link_local(address))
            continue;
        if (sum.count++ == 0)
            sum.first = field_text(address, "address");
        sum.held += field_true(address, "held");
    }
    bool master = strcmp(field_text(instance, "state"), "MASTER") == 0;
    bool meanwhile =
        field_true(instance, "lingering") || json_is_object(json_object_get(instance, "waiting"));
    sum.amiss = !meanwhile && sum.held != (master ? sum.count : 0);
    return sum;
}

const char *address_sum_text(const struct address_sum *sum, char *buffer, size_t size)
{
    char more[32] = "";
    char held[64] = "";

    if (sum->count > 1)
        snprintf(more, sizeof(more), " +%zu", sum->count - 1);
    if (sum->amiss)
        snprintf(held, sizeof(held), " (%zu of %zu held)", sum->held, sum->count);
    snprintf(buffer, size, "%s%s%s", sum->first, more, held);
    return buffer;
}
