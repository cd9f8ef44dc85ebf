/*
 * Build-time program: writes what is documented about the configuration from its schema, so that
 * the man page, the example file and the shell completion cannot disagree with the parser.
 *
 *   schema_doc man         the reference section of vipd.conf(5), roff
 *   schema_doc reload      what a reload does for each key, a table for vipd.conf(5), roff
 *   schema_doc example     a commented file with every key at its default
 *   schema_doc completion  "[SECTION]" lines, each followed by its keys, one a line
 */
#include "lib/config/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXAMPLE_COLUMNS = 78, RELOAD_COLUMN = 24 };

/* Text that roff prints as it is: no escapes, hyphens that can be copied, no requests. */
static void put_roff(const char *text)
{
    if (*text == '.')
        fputs("\\&", stdout);
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '\'')
            fputs("\\(aq", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
    }
}

static void man_key(const struct config_section *section, const struct config_key *key)
{
    fputs(".TP\n.B ", stdout);
    put_roff(key->name);
    putchar('\n');
    put_roff(key->help);
    fputs("\n.br\nValue: ", stdout);
    put_roff(key->expected);
    fputs(".\n.br\n", stdout);
    if (key->required) {
        fputs("Required.\n", stdout);
    } else {
        fputs("Default: ", stdout);
        put_roff(config_key_default(key));
        fputs(".\n", stdout);
    }
    printf(".br\nReload: %s.\n", config_reload_name(section, key->reload));
}

static void man(const struct config_section *section)
{
    printf(".SS [%s%s]\n", section->name, section->named ? " NAME" : "");
    put_roff(section->help);
    putchar('\n');
    for (size_t i = 0; i < section->key_count; i++)
        man_key(section, &section->keys[i]);
}

static void reload(const struct config_section *section)
{
    printf(".B [%s%s]\n", section->name, section->named ? " NAME" : "");
    for (size_t i = 0; i < section->key_count; i++) {
        const struct config_key *key = &section->keys[i];
        int padding = RELOAD_COLUMN - (int)strlen(key->name);

        fputs("    ", stdout);
        put_roff(key->name);
        printf("%*s", padding > 0 ? padding : 1, "");
        put_roff(config_reload_name(section, key->reload));
        putchar('\n');
    }
}

/* Prose as comment lines, broken at spaces. */
static void put_comment(const char *text)
{
    size_t column = 0;

    while (*text != '\0') {
        size_t length = strcspn(text, " ");

        if (column > 0 && column + 1 + length > EXAMPLE_COLUMNS) {
            putchar('\n');
            column = 0;
        }
        column += (size_t)printf("%s%.*s", column == 0 ? "# " : " ", (int)length, text);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void example_key(const struct config_key *key)
{
    char line[1024];

    putchar('\n');
    put_comment(key->help);
    snprintf(line, sizeof(line), "Value: %s.", key->expected);
    put_comment(line);
    if (key->required)
        snprintf(line, sizeof(line), "Required, for example:");
    else if (key->default_text == NULL)
        snprintf(line, sizeof(line), "Default: %s. For example:", key->default_note);
    else
        snprintf(line, sizeof(line), "Default:");
    put_comment(line);
    printf("#%s = %s\n", key->name, config_key_sample(key));
}

static void example(const struct config_section *section)
{
    putchar('\n');
    put_comment(section->help);
    if (section->named)
        printf("#[%s NAME]\n", section->name);
    else
        printf("[%s]\n", section->name);
    for (size_t i = 0; i < section->key_count; i++)
        example_key(&section->keys[i]);
}

static void completion(const struct config_section *section)
{
    printf("[%s]\n", section->name);
    for (size_t i = 0; i < section->key_count; i++)
        puts(section->keys[i].name);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*write)(const struct config_section *section);
    } forms[] = {
        {"man", man}, {"reload", reload}, {"example", example}, {"completion", completion}};
    size_t count = 0;
    const struct config_section *sections = config_schema(&count);

    for (size_t i = 0; argc == 2 && i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(argv[1], forms[i].name) != 0)
            continue;
        for (size_t j = 0; j < count; j++)
            forms[i].write(&sections[j]);
        return ferror(stdout) || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    fputs("usage: schema_doc man|reload|example|completion\n", stderr);
    return 2;
}
