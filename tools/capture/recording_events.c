/* Lines "2026-11-21T14:03:22.118204Z  TEXT" of a recording; see recording_events.h. */
#include "tools/capture/recording_events.h"

#include "lib/limits.h"
#include "tools/common/read_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TEXT_BYTES_MAX = 1024 * 1024, PATH_SIZE = 4096 };

static const char suffix[] = ".pcap";

static bool parse(char *line, struct recording_event *out)
{
    struct tm tm = {0};
    char *rest = strptime(line, "%Y-%m-%dT%H:%M:%S", &tm);

    if (rest == NULL || *rest != '.')
        return false;
    uint64_t us = strtoul(rest + 1, &rest, 10);
    if (strncmp(rest, "Z  ", 3) != 0 || us >= 1000000)
        return false;
    out->wall_ns = (uint64_t)timegm(&tm) * NS_PER_SEC + us * NS_PER_US;
    out->text = rest + 3;
    return true;
}

static void parse_all(struct recording_events *out)
{
    char *rest = out->content;
    size_t lines = 1;

    for (const char *c = out->content; *c != '\0'; c++)
        lines += *c == '\n';
    out->list = calloc(lines, sizeof(*out->list));
    if (out->list == NULL)
        return;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
        if (parse(line, &out->list[out->count]))
            out->count++;
}

void recording_events_load(const char *path, struct recording_events *out)
{
    size_t length = strlen(path);
    char text[PATH_SIZE];
    char error[256];

    *out = (struct recording_events){0};
    if (length <= strlen(suffix) || length >= sizeof(text) ||
        strcmp(path + length - strlen(suffix), suffix) != 0)
        return;
    snprintf(text, sizeof(text), "%.*s.txt", (int)(length - strlen(suffix)), path);
    out->content = read_file(text, TEXT_BYTES_MAX, error, sizeof(error));
    if (out->content != NULL && strncmp(out->content, "recording ", 10) == 0)
        parse_all(out);
}

void recording_events_free(struct recording_events *events)
{
    free(events->content);
    free(events->list);
    *events = (struct recording_events){0};
}

const struct recording_event *recording_events_until(struct recording_events *events,
                                                     uint64_t wall_ns)
{
    if (events->next == events->count || events->list[events->next].wall_ns > wall_ns)
        return NULL;
    return &events->list[events->next++];
}
