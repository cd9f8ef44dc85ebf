/* When freed memory is given back: once there is enough of it, and nobody misses an advert for it.
 * What gives it back is this file's. */
#include "agent/base/config_box.h"
#include "agent/trim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ENOUGH = 256 };

static unsigned trimmed;

void memory_trim_later(struct memory_trim *trim, bool locked)
{
    (void)trim;
    assert_true(locked);
    trimmed++;
}

static unsigned times_after(uint64_t interval_ns, unsigned rests, size_t removed)
{
    struct config_instance instances[] = {{.advert_interval_ns = NS_PER_SEC},
                                          {.advert_interval_ns = interval_ns}};
    struct config config = {.instances = instances, .instance_count = 2};
    struct config_box box = {.config = &config};
    struct parts parts = {.facts = {.box = &box, .realtime = {.memory_locked = true}}};

    trimmed = 0;
    for (unsigned i = 0; i < rests; i++)
        trim_on_rest(&parts);
    trim_freed(&parts, removed);
    return trimmed;
}

static void once_there_is_enough(void **state)
{
    (void)state;
    assert_int_equal(times_after(NS_PER_SEC, ENOUGH - 1, 0), 0);
    assert_int_equal(times_after(NS_PER_SEC, ENOUGH, 0), 1);
    assert_int_equal(times_after(NS_PER_SEC, 0, 4000), 1);
    assert_int_equal(times_after(NS_PER_SEC, ENOUGH - 1, 1), 1);
    assert_int_equal(times_after(NS_PER_SEC, 3 * ENOUGH - 1, 0), 2);
}

static void not_beside_tight_adverts(void **state)
{
    (void)state;
    assert_int_equal(times_after(100 * NS_PER_MS, 3 * ENOUGH, 4000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once_there_is_enough),
        cmocka_unit_test(not_beside_tight_adverts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
