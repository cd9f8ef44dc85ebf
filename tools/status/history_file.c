/* Reading the files of the history: one JSON object a line. */
#include "tools/status/history_file.h"

#include "lib/printable.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is printed of it later must not steer the terminal. */
static void make_printable(json_t *value)
{
    const char *key;
    json_t *member;

    if (json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value)) {
        char *text = strdup(json_string_value(value));

        if (text != NULL)
            printable_make(text, '\0');
        if (text != NULL && strcmp(text, json_string_value(value)) != 0)
            (void)json_string_set(value, text);
        free(text);
    }
    json_object_foreach (value, key, member)
        make_printable(member);
}

/* Appends the entries of one file. False: it could not be read (errno). */
static bool read_one(const char *path, json_t *entries, unsigned long *damaged)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    bool good;

    if (file == NULL)
        return false;
    errno = 0;
    while ((length = getline(&line, &room, file)) > 0) {
        json_t *entry = json_loadb(line, (size_t)length, 0, NULL);

        if (entry == NULL && length > 1)
            ++*damaged;
        make_printable(entry);
        if (entry != NULL)
            json_array_append_new(entries, entry);
    }
    good = ferror(file) == 0;
    free(line);
    fclose(file);
    return good;
}

json_t *history_file_read(const char *state_dir)
{
    static const char *const names[] = {"history.jsonl.1", "history.jsonl"};
    json_t *entries = json_array();
    unsigned long damaged = 0;
    bool found = false;

    for (size_t i = 0; i < 2; i++) {
        char path[4096];

        snprintf(path, sizeof(path), "%s/%s", state_dir, names[i]);
        if (read_one(path, entries, &damaged))
            found = true;
        else if (errno != ENOENT)
            fprintf(stderr, "vipctl: cannot read %s: %s\n", path, strerror(errno));
    }
    if (damaged > 0)
        fprintf(stderr, "vipctl: %lu damaged lines were passed over\n", damaged);
    if (!found) {
        json_decref(entries);
        return NULL;
    }
    return entries;
}
