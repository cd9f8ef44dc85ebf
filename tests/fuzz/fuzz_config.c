/* Two texts, parted by a NUL: each is a configuration or has problems; the difference of a
 * configuration to itself is nothing. */
#include "lib/config_diff.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { TEXT_MAX = 16384 };

static struct config *parse(const char *text)
{
    const struct config_source source = {"fuzz.conf", text};
    struct config_problems problems;
    char line[512];
    struct config *config = config_parse(&source, 1, &problems);

    MUST((config == NULL) == (problems.count > 0));
    for (size_t i = 0; i < problems.count; i++)
        MUST(config_problem_format(&problems.list[i], line, sizeof(line)) == line);
    config_problems_free(&problems);
    return config;
}

static void compare(const struct config *before, const struct config *after, bool same)
{
    struct config_diff diff;

    MUST(config_diff(before, after, &diff) == 0);
    for (size_t i = 0; same && i < diff.count; i++)
        MUST(diff.list[i].kind == CONFIG_UNCHANGED);
    MUST(!same || !diff.node_changed);
    config_diff_free(&diff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_MAX + 1];

    if (size > TEXT_MAX)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    size_t first = strlen(text);
    struct config *before = parse(text);
    struct config *after = first < size ? parse(text + first + 1) : parse(text);

    if (before != NULL && after != NULL) {
        compare(before, after, first >= size);
        compare(after, before, first >= size);
    }
    config_free(before);
    config_free(after);
    return 0;
}
