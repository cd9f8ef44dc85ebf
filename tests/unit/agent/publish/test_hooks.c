/* An instance's queue of hooks: its name is copied no further than it goes. */
#include "agent/publish/hooks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static void ignore_idle(void *userdata)
{
    (void)userdata;
}

/* Names of a configuration stand one behind the other: behind the last one is nobody's memory. */
static void a_name_ends_where_memory_does(void **state)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *name = pages + page - sizeof("web");
    struct config_instance config = {.name = name};
    const struct hook_event event = {.config = &config};
    struct hooks *hooks;
    sd_event *loop;

    (void)state;
    assert_ptr_not_equal(pages, MAP_FAILED);
    memcpy(name, "web", sizeof("web"));
    assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
    assert_true(sd_event_new(&loop) >= 0);
    assert_true(hooks_open(loop, NULL, ignore_idle, NULL, &hooks) >= 0);
    hooks_prepare(hooks, &event);
    hooks_close(hooks);
    sd_event_unref(loop);
    assert_int_equal(munmap(pages, 2 * page), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_ends_where_memory_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
