/* Values that are texts, names or words; see value_parsers.h. */
#include "lib/config/argument_vector.h"
#include "lib/config/check.h"
#include "lib/config/hook_unit.h"
#include "lib/config/names.h"
#include "lib/config/value_parsers.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Stores the text in the field of the key's size, or refuses it. */
static int parse_text(const struct refusal *r, void *field, bool valid)
{
    size_t length = strlen(r->text);

    if (!valid)
        return config_refuse(r, "");
    assert(length < r->key->size);
    memset(field, 0, r->key->size);
    memcpy(field, r->text, length);
    return 0;
}

int config_parse_name(const struct refusal *r, void *field)
{
    return parse_text(r, field, config_name_valid(r->text, strlen(r->text)));
}

/* Stores the text in memory of its own: a key that few instances have takes no room in all. */
static int keep_text(const struct refusal *r, void *field, bool valid)
{
    char **kept = field;
    char *text = valid ? strdup(r->text) : NULL;

    if (!valid)
        return config_refuse(r, "");
    if (text == NULL)
        return config_refuse(r, ", and no memory for it");
    free(*kept);
    *kept = text;
    return 0;
}

int config_parse_kept_name(const struct refusal *r, void *field)
{
    return keep_text(r, field, config_name_valid(r->text, strlen(r->text)));
}

bool config_interface_valid(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length >= INTERFACE_NAME_SIZE || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];

        /* Printable ASCII alone: the name goes into messages and JSON. */
        if (c <= ' ' || c >= 0x7f || c == '/' || c == ':')
            return false;
    }
    return true;
}

int config_parse_interface(const struct refusal *r, void *field)
{
    return parse_text(r, field, config_interface_valid(r->text));
}

static bool printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    }
    return true;
}

int config_parse_line(const struct refusal *r, void *field)
{
    size_t length = strlen(r->text);

    return parse_text(r, field, length > 0 && length < r->key->size && printable(r->text));
}

int config_parse_path(const struct refusal *r, void *field)
{
    if (r->text[0] != '/')
        return config_refuse(r, "");
    return config_parse_line(r, field);
}

int config_parse_kept_path(const struct refusal *r, void *field)
{
    return keep_text(r, field,
                     r->text[0] == '/' && strlen(r->text) < SECRET_PATH_SIZE && printable(r->text));
}

int config_parse_method(const struct refusal *r, void *field)
{
    size_t length = strspn(r->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    return parse_text(r, field, length > 0 && length < r->key->size && r->text[length] == '\0');
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One octet behind a backslash; moves *text to its last character. -1: no such escape. */
static int unescape(const char **text)
{
    const char *s = *text;

    switch (*s) {
    case 'r':
        return '\r';
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case '\\':
        return '\\';
    case 'x':
        if (hex_digit(s[1]) < 0 || hex_digit(s[2]) < 0)
            return -1;
        *text = s + 2;
        return hex_digit(s[1]) * 16 + hex_digit(s[2]);
    default:
        return -1;
    }
}

int config_parse_octets(const struct refusal *r, void *base)
{
    struct config_octets *field = base;
    struct config_octets octets;

    memset(&octets, 0, sizeof(octets));
    for (const char *s = r->text; *s != '\0'; s++) {
        int octet = (unsigned char)*s;

        if (*s == '\\') {
            s++;
            octet = unescape(&s);
        }
        if (octet < 0)
            return config_refuse(r, " with an unknown escape");
        if (octets.size == sizeof(octets.data))
            return config_refuse(r, ", which is too long");
        octets.data[octets.size++] = (uint8_t)octet;
    }
    if (octets.size == 0)
        return config_refuse(r, "");
    memcpy(field, &octets, sizeof(octets));
    return 0;
}

/* Splits the text into words, one block to be freed. */
static int split(const struct refusal *r, char ***argv)
{
    char problem[96];
    char remark[100];
    size_t at = 0;

    if (argument_vector_split(r->text, argv, &at))
        return 0;
    if (at == ARGUMENT_VECTOR_NO_MEMORY)
        return -ENOMEM;
    argument_vector_problem(r->text, at, problem, sizeof(problem));
    snprintf(remark, sizeof(remark), ", %s", problem);
    return config_refuse(r, remark);
}

/* A hook that systemd runs is written as the word "unit:" and a name. */
static bool is_misspelt_unit(char *const *argv)
{
    if (strncmp(argv[0], HOOK_UNIT_WORD, strlen(HOOK_UNIT_WORD)) != 0)
        return false;
    return hook_unit_program(argv) == NULL || argv[2] != NULL || !hook_unit_name_is_valid(argv[1]);
}

int config_parse_command(const struct refusal *r, void *field)
{
    char ***argv = field;
    char **words = NULL;
    int result = split(r, &words);

    if (result == 0 && is_misspelt_unit(words)) {
        free(words);
        return config_refuse(r, ", behind unit: the name of one program, of letters, digits, '_', "
                                "'-' and '.'");
    }
    *argv = words;
    return result;
}

/* Adds words behind those there are. False: there is no room. */
static bool pack_words(struct config_words *words, char *const *argv)
{
    size_t used = 0;

    for (unsigned i = 0; i < words->count; i++)
        used += strlen(words->text + used) + 1;
    for (size_t i = 0; argv[i] != NULL; i++) {
        size_t size = strlen(argv[i]) + 1;

        if (size > sizeof(words->text) - used)
            return false;
        memcpy(words->text + used, argv[i], size);
        used += size;
        words->count++;
    }
    return true;
}

/* Words of a further line are added to those there are. */
int config_parse_words(const struct refusal *r, void *base)
{
    struct config_words *field = base;
    struct config_words words;
    char **argv = NULL;
    int result = split(r, &argv);

    if (result != 0)
        return result;
    memcpy(&words, field, sizeof(words));
    bool fits = pack_words(&words, argv);
    free(argv);
    if (!fits)
        return config_refuse(r, ", which is too long");
    if (words.text[0] != '/')
        return config_refuse(r, "");
    memcpy(field, &words, sizeof(words));
    return 0;
}

/* One more name of a list. */
static int add_name(const struct refusal *r, struct config_names *names, const char *items, int max)
{
    if (!config_name_valid(r->text, strlen(r->text)))
        return config_refuse(r, "");
    if (config_names_have(names, r->text))
        return config_refuse(r, " a second time");
    if (names->count >= (size_t)max)
        return config_refuse_more(r, items, max);
    return config_names_add(names, r->text) ? 0 : -ENOMEM;
}

int config_parse_members(const struct refusal *r, void *field)
{
    return add_name(r, field, "instances", GROUP_INSTANCES_MAX);
}

int config_parse_track(const struct refusal *r, void *field)
{
    return add_name(r, field, "checks", TRACK_MAX);
}
