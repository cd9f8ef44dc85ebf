/* One list of fields, walked in both directions; see packed.h. */
#include "agent/history/packed.h"

#include <string.h>

struct walk {
    bool packing;
    uint8_t *to;         /* then; */
    const uint8_t *from; /* else */
};

static void octets(struct walk *walk, void *field, size_t size)
{
    if (walk->packing) {
        memcpy(walk->to, field, size);
        walk->to += size;
    } else {
        memcpy(field, walk->from, size);
        walk->from += size;
    }
}

/* A text with its NUL, and nothing of what is behind that. */
static void text(struct walk *walk, char *field)
{
    octets(walk, field, strlen(walk->packing ? field : (const char *)walk->from) + 1);
}

/* A number that is 0 in most entries. */
static void seldom(struct walk *walk, uint64_t *field)
{
    bool there = *field != 0;

    octets(walk, &there, sizeof(there));
    if (there)
        octets(walk, field, sizeof(*field));
}

static void address(struct walk *walk, struct ip_address *field)
{
    octets(walk, &field->family, sizeof(field->family));
    if (field->family == IP_FAMILY_IPV4)
        octets(walk, field->octets, 4);
    else if (field->family == IP_FAMILY_IPV6)
        octets(walk, field->octets, sizeof(field->octets));
}

static void evidence(struct walk *walk, struct evidence *field)
{
    address(walk, &field->peer);
    octets(walk, &field->peer_priority, sizeof(field->peer_priority));
    octets(walk, &field->own_priority, sizeof(field->own_priority));
    address(walk, &field->claimed);
    octets(walk, field->mac, sizeof(field->mac));
    octets(walk, &field->silence_ns, sizeof(field->silence_ns));
    octets(walk, &field->limit_ns, sizeof(field->limit_ns));
    text(walk, field->note);
    octets(walk, &field->asked, sizeof(field->asked));
    octets(walk, &field->uid, sizeof(field->uid));
}

static void all(struct walk *walk, struct history_entry *entry, bool *has_text)
{
    octets(walk, &entry->event, sizeof(entry->event));
    octets(walk, &entry->sequence, sizeof(entry->sequence));
    octets(walk, &entry->at_ns, sizeof(entry->at_ns));
    octets(walk, &entry->boot_ns, sizeof(entry->boot_ns));
    seldom(walk, &entry->since_ns);
    text(walk, entry->instance);
    octets(walk, &entry->family, sizeof(entry->family));
    octets(walk, &entry->transition.from, sizeof(entry->transition.from));
    octets(walk, &entry->transition.to, sizeof(entry->transition.to));
    octets(walk, &entry->transition.reason, sizeof(entry->transition.reason));
    evidence(walk, &entry->transition.evidence);
    octets(walk, &entry->state, sizeof(entry->state));
    octets(walk, has_text, sizeof(*has_text));
    if (*has_text)
        text(walk, entry->text);
    text(walk, entry->notice);
    text(walk, entry->recording);
}

size_t history_pack(const struct history_entry *entry, bool words, uint8_t *out)
{
    struct history_entry copy = *entry;
    struct walk walk = {.packing = true, .to = out};
    char made[REASON_TEXT_SIZE];
    bool has_text = true;

    if (copy.text[0] == '\0')
        has_text = !words;
    else
        has_text = strcmp(reason_text(&copy.transition, made, sizeof(made)), copy.text) != 0;
    all(&walk, &copy, &has_text);
    return (size_t)(walk.to - out);
}

bool history_unpack(const uint8_t *packed, struct history_entry *out)
{
    struct walk walk = {.from = packed};
    bool has_text;

    *out = (struct history_entry){0};
    all(&walk, out, &has_text);
    return has_text;
}

void history_words(struct history_entry *entry)
{
    reason_text(&entry->transition, entry->text, sizeof(entry->text));
}
