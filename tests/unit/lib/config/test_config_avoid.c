/* avoid: whom an instance may give way to, and that nobody goes round in a circle. */
#include "tests/unit/lib/config/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define INSTANCE(name, vrid)                                                                       \
    "[instance " name "]\ninterface = if-" name "\nvrid = " vrid "\naddresses = 192.0.2.1/24\n"

static const struct {
    const char *text;
    const char *problem; /* how one of them begins; NULL: none */
} rows[] = {
    {INSTANCE("a", "1") "avoid = b\n" INSTANCE("b", "2"), NULL},
    {INSTANCE("a", "1") "avoid = b\n" INSTANCE("b", "2") "avoid = c\n" INSTANCE("c", "3"), NULL},
    {INSTANCE("a", "1") "avoid = c\n" INSTANCE("b", "2") "avoid = c\n" INSTANCE("c", "3"), NULL},
    {INSTANCE("a", "1") "avoid = c\n" INSTANCE("b", "2"),
     "t.conf:5: [instance a] avoid: found 'c', there is no such instance"},
    {INSTANCE("a", "1") "avoid = a\n", "t.conf:5: [instance a] avoid: found 'a', which is this"},
    {INSTANCE("a", "1") "avoid = b\n" INSTANCE("b", "2") "avoid = a\n",
     "t.conf:5: [instance a] avoid: found 'b', which itself gives way to this one"},
    {INSTANCE("a", "1") "avoid = b\n" INSTANCE("b", "2") "avoid = c\n" INSTANCE("c", "3") "avoid = "
                                                                                          "a\n",
     "t.conf:5: [instance a] avoid: found 'b', which itself gives way to this one"},
    {INSTANCE("a", "1") "avoid = b\n" INSTANCE("b", "2") "[group g]\ninstances = a, b\n",
     "t.conf:5: [instance a] avoid: found 'b', which moves with this instance"},
    {INSTANCE("a", "1") "avoid = b\n" INSTANCE("b", "2") INSTANCE("c", "3") "avoid = a\n[group "
                                                                            "g]\ninstances = b, "
                                                                            "c\n",
     "t.conf:5: [instance a] avoid: found 'b', which itself gives way to this one"},
    {INSTANCE("a", "1") "avoid = b\n" INSTANCE("b", "2") INSTANCE("c", "3") "[group g]\ninstances "
                                                                            "= b, c\n",
     NULL},
};

static void circles_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config_problems problems;
        struct config *config = parse_text(rows[i].text, &problems);
        char line[512] = "";

        if (problems.count > 0)
            config_problem_format(&problems.list[0], line, sizeof(line));
        if ((config != NULL) != (rows[i].problem == NULL))
            fail_msg("row %zu: %s", i, line);
        else if (config == NULL && strncmp(line, rows[i].problem, strlen(rows[i].problem)) != 0)
            fail_msg("row %zu: got %s", i, line);
        config_free(config);
        config_problems_free(&problems);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(circles_are_refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
