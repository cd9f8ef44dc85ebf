/* What a hook that systemd runs is called and told; see hook_unit.h. */
#include "lib/config/hook_unit.h"

#include <stdio.h>
#include <string.h>

#define DIGITS  "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define NAME    LETTERS DIGITS "_-."

/* Which characters a value may have. None of them divides words, opens a quote or is expanded by a
 * shell, but for the space in texts and lists. */
static const struct {
    const char *name;
    const char *characters;
} variables[] = {
    {"VIPD_HOOK", NAME},
    {"VIPD_INSTANCE", NAME},
    {"VIPD_STATE", NAME},
    {"VIPD_PREVIOUS", NAME},
    {"VIPD_REASON", NAME},
    {"VIPD_INTERFACE", NAME "@+"},
    {"VIPD_VRID", DIGITS},
    {"VIPD_PRIORITY", DIGITS},
    {"VIPD_PEER", LETTERS DIGITS ":._-"},
    {"VIPD_PEER_PRIORITY", DIGITS},
    {"VIPD_ADDRESSES", LETTERS DIGITS ":./_ "},
    {"VIPD_TEXT", NAME " ,:/%+="},
};

bool hook_unit_name_is_valid(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length < NAME_SIZE && strspn(name, NAME) == length &&
           strchr(LETTERS DIGITS, name[0]) != NULL;
}

const char *hook_unit_program(char *const *argv)
{
    if (argv == NULL || strcmp(argv[0], HOOK_UNIT_WORD) != 0 || argv[1] == NULL)
        return NULL;
    return argv[1];
}

const char *hook_unit_format(const char *program, char buffer[HOOK_UNIT_SIZE])
{
    snprintf(buffer, HOOK_UNIT_SIZE, "vipd-hook@%s.service", program);
    return buffer;
}

static const char *characters_of(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        if (strlen(variables[i].name) == length && strncmp(variables[i].name, name, length) == 0)
            return variables[i].characters;
    return NULL;
}

bool hook_unit_clean(char *variable)
{
    char *equals = strchr(variable, '=');
    const char *allowed =
        equals != NULL ? characters_of(variable, (size_t)(equals - variable)) : NULL;

    if (allowed == NULL)
        return false;
    char *value = equals + 1;
    for (char *c = value; *c != '\0'; c++)
        if (strchr(allowed, *c) == NULL)
            *c = '_';
    /* Or it would be an option, where somebody forgets the "--". */
    if (value[0] == '-')
        value[0] = '_';
    return true;
}
