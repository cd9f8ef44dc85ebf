/* Phrases, word by word; see phrase.h. */
#include "lib/config/phrase.h"

#include "lib/config/problem.h"
#include "lib/config/value_parsers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REMARK_SIZE = CONFIG_QUOTE_SIZE + 64 };

int phrase_refuse(const struct phrase *phrase, const char *why, const char *word)
{
    char quoted[CONFIG_QUOTE_SIZE];
    char remark[REMARK_SIZE];

    config_quote(word, strlen(word), quoted, sizeof(quoted));
    snprintf(remark, sizeof(remark), " with %s '%s'", why, quoted);
    return config_refuse(phrase->refusal, remark);
}

int phrase_begin(struct phrase *phrase, const struct refusal *refusal)
{
    static const char blanks[] = " \t";
    size_t length = strlen(refusal->text);
    char *rest = phrase->text;
    char *word;

    *phrase = (struct phrase){.refusal = refusal};
    if (length >= sizeof(phrase->text))
        return config_refuse(refusal, ", which is too long");
    memcpy(phrase->text, refusal->text, length + 1);
    while ((word = strsep(&rest, blanks)) != NULL) {
        if (*word == '\0')
            continue;
        if (phrase->count == PHRASE_WORDS_MAX)
            return config_refuse(refusal, ", which has too many words");
        phrase->words[phrase->count++] = word;
    }
    return phrase->count > 0 ? 0 : config_refuse(refusal, "");
}

bool phrase_skip(struct phrase *phrase, const char *word)
{
    bool is = phrase->at < phrase->count && strcmp(phrase->words[phrase->at], word) == 0;

    phrase->at += is ? 1 : 0;
    return is;
}

const char *phrase_next(struct phrase *phrase)
{
    return phrase->at < phrase->count ? phrase->words[phrase->at++] : NULL;
}

static const struct phrase_word *find(const struct phrase_word *table, const char *name)
{
    for (; table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

int phrase_take(struct phrase *phrase, const struct phrase_word *table, void *out)
{
    const char *name;

    while ((name = phrase_next(phrase)) != NULL) {
        const struct phrase_word *word = find(table, name);

        if (word == NULL)
            return phrase_refuse(phrase, "the unknown word", name);
        if ((phrase->seen & 1u << word->meaning) != 0)
            return phrase_refuse(phrase, "a second", name);
        phrase->seen |= 1u << word->meaning;
        const char *value = word->alone ? "" : phrase_next(phrase);
        if (value == NULL)
            return phrase_refuse(phrase, "nothing behind", name);
        if (!word->take(out, value))
            return phrase_refuse(phrase, word->alone ? "a misplaced" : "a wrong value,",
                                 word->alone ? name : value);
    }
    return 0;
}

bool phrase_number(const char *text, uint32_t *out)
{
    bool hexadecimal = strncmp(text, "0x", 2) == 0;
    const char *digits = hexadecimal ? text + 2 : text;
    size_t length = strlen(digits);
    uint64_t value;

    /* strtoull() alone would take signs and blanks. */
    if (length == 0 || length > 10 ||
        digits[strspn(digits, hexadecimal ? "0123456789abcdefABCDEF" : "0123456789")] != '\0')
        return false;
    value = strtoull(digits, NULL, hexadecimal ? 16 : 10);
    if (value > UINT32_MAX)
        return false;
    *out = (uint32_t)value;
    return true;
}

bool phrase_interface(const char *text, char *out)
{
    if (!config_interface_valid(text))
        return false;
    snprintf(out, INTERFACE_NAME_SIZE, "%s", text);
    return true;
}

bool phrase_table(const char *text, uint32_t *out)
{
    if (strcmp(text, "main") == 0)
        *out = ROUTE_TABLE_MAIN;
    else if (strcmp(text, "local") == 0)
        *out = ROUTE_TABLE_LOCAL;
    else if (strcmp(text, "default") == 0)
        *out = ROUTE_TABLE_DEFAULT;
    else
        return phrase_number(text, out) && *out > 0;
    return true;
}

bool phrase_network(const char *text, struct ip_prefix *out)
{
    struct ip_prefix prefix;

    if (!ip_prefix_parse(text, &prefix))
        return false;
    for (size_t bit = prefix.length; bit < ip_family_size(prefix.address.family) * 8; bit++)
        if ((prefix.address.octets[bit / 8] & 0x80u >> bit % 8) != 0)
            return false;
    *out = prefix;
    return true;
}
