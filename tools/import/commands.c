/*
 * Commands. keepalived divides one into words, with quotes, and runs it without a shell, but for
 * one that no program of that name can be (it begins with '<'). vipd has no shell either. What can
 * only have been meant for one is given to one, and told: it behaves as it reads, not as keepalived
 * runs it.
 */
#include "tools/import/commands.h"

#include <string.h>

/* What a shell does something with that no program wants to see as a word. */
#define OPERATORS "$`|&;<>()"

/* What has to be quoted to stay as it is. */
#define SPECIAL OPERATORS "*?[]~{}#!\"'\\ \t"

bool import_needs_shell(const char *command)
{
    char quote = '\0';

    for (const char *at = command; *at != '\0'; at++) {
        if (quote == '\0' && strchr(OPERATORS, *at) != NULL)
            return true;
        if (*at == '\\' && quote != '\'' && at[1] != '\0')
            at++;
        else if (quote != '\0' ? *at == quote : *at == '"' || *at == '\'')
            quote = quote != '\0' ? '\0' : *at;
    }
    return false;
}

/* Appends `text` as one word of a shell. */
static char *put_quoted(char *end, const char *text)
{
    if (*text != '\0' && strpbrk(text, SPECIAL) == NULL)
        return stpcpy(end, text);
    *end++ = '\'';
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            end = stpcpy(end, "'\\''");
        else
            *end++ = *text;
    }
    return stpcpy(end, "'");
}

const char *import_quoted(struct import *import, const char *text)
{
    char *out = arena_take(import->arena, 4 * strlen(text) + 3);

    put_quoted(out, text);
    return out;
}

/* The next word at *at without its quotes, into `word`. False: none. */
static bool next_word(const char **at, char *word)
{
    const char *from = *at + strspn(*at, " \t");
    char quote = '\0';

    if (*from == '\0')
        return false;
    for (; *from != '\0' && (quote != '\0' || strchr(" \t", *from) == NULL); from++) {
        if (*from == '\\' && quote != '\'' && from[1] != '\0')
            *word++ = *++from;
        else if (quote != '\0' ? *from == quote : *from == '"' || *from == '\'')
            quote = quote != '\0' ? '\0' : *from;
        else
            *word++ = *from;
    }
    *word = '\0';
    *at = from;
    return true;
}

const char *import_words_of(struct import *import, const char *command)
{
    char *word = arena_take(import->arena, strlen(command) + 1);
    char *out = arena_take(import->arena, 5 * strlen(command) + 3);
    char *end = out;

    while (next_word(&command, word)) {
        if (end != out)
            *end++ = ' ';
        end = put_quoted(end, word);
    }
    return out;
}

const char *import_command(struct import *import, struct import_section *section,
                           const struct keepalived_node *node, const char *command)
{
    if (import_needs_shell(command)) {
        bool shell = command[0] == '<';

        import_item(import->out, section, shell ? IMPORT_NOTE : IMPORT_FAILOVER, node,
                    shell
                        ? "given to /bin/sh, as keepalived does with what is no program"
                        : "keepalived has no shell run it and gives operators like '|' or '&&' to "
                          "the program as words; here /bin/sh runs it as it reads. See which of "
                          "them was meant");
        return arena_print(import->arena, "/bin/sh -c %s", import_quoted(import, command));
    }
    command = import_words_of(import, command);
    if (command[strspn(command, "'")] != '/')
        command = arena_print(import->arena, "/usr/bin/env %s", command);
    return command;
}
