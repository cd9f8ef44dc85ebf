/* Files that somebody prepared: what a link leads to is neither written nor waited for. */
#include "agent/base/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT "nobody else's business"

struct place {
    char directory[64];
    char victim[80];
    char path[80];
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    snprintf(place->directory, sizeof(place->directory), "/tmp/vipd-test-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->victim, sizeof(place->victim), "%s/victim", place->directory);
    snprintf(place->path, sizeof(place->path), "%s/file", place->directory);
    FILE *file = fopen(place->victim, "w");
    assert_non_null(file);
    fputs(TEXT, file);
    assert_int_equal(fclose(file), 0);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;

    unlink(place->path);
    unlink(place->victim);
    assert_int_equal(rmdir(place->directory), 0);
    free(place);
    return 0;
}

static void is_untouched(const struct place *place)
{
    size_t length;
    char *text;

    assert_int_equal(regular_file_read(place->victim, 100, &text, &length), 0);
    assert_string_equal(text, TEXT);
    free(text);
}

static void write_new(const struct place *place)
{
    int fd = regular_file_create(AT_FDCWD, place->path, 0640);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    is_untouched(place);
}

static void one_that_is_made_is_nobody_elses(void **state)
{
    struct place *place = *state;

    write_new(place);
    assert_int_equal(unlink(place->path), 0);
    assert_int_equal(link(place->victim, place->path), 0);
    write_new(place);
    assert_int_equal(unlink(place->path), 0);
    assert_int_equal(symlink(place->victim, place->path), 0);
    write_new(place);
    assert_int_equal(unlink(place->path), 0);
    assert_int_equal(mkfifo(place->path, 0600), 0);
    write_new(place);
}

static void one_with_another_name_is_read_and_not_written_to(void **state)
{
    struct place *place = *state;
    char buffer[REGULAR_FILE_ERROR_SIZE];

    assert_int_equal(link(place->victim, place->path), 0);
    assert_int_equal(regular_file_open(place->path, O_WRONLY | O_APPEND | O_CREAT, 0640), -EMLINK);
    assert_non_null(strstr(regular_file_error(-EMLINK, 0, buffer), "hard link"));
    is_untouched(place);
    int fd = regular_file_open(place->path, O_RDONLY, 0);
    assert_true(fd >= 0);
    close(fd);
}

static void what_is_no_file_is_not_waited_for(void **state)
{
    struct place *place = *state;

    assert_int_equal(mkfifo(place->path, 0600), 0);
    assert_int_equal(regular_file_open(place->path, O_RDONLY, 0), -EMEDIUMTYPE);
    assert_int_equal(regular_file_open(place->path, O_WRONLY, 0), -EMEDIUMTYPE);
    assert_int_equal(regular_file_open(place->directory, O_RDONLY, 0), -EMEDIUMTYPE);
    assert_int_equal(regular_file_create(AT_FDCWD, place->directory, 0640), -EISDIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_that_is_made_is_nobody_elses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_with_another_name_is_read_and_not_written_to, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_not_waited_for, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
