/* Recordings on disk: both files, their names, their bounds, and directories that do not want. */
#include "agent/recorder/recording_file.h"

#include <dirent.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* 2026-11-21T14:03:22.118204Z */
#define WALL_NS UINT64_C(1795269802118204000)

enum { RING_SIZE = 2 * FRAME_PACK_SIZE, DIRECTORY_SIZE = 64 };

static int set_up(void **state)
{
    char *directory = malloc(DIRECTORY_SIZE);

    assert_non_null(directory);
    snprintf(directory, DIRECTORY_SIZE, "/tmp/vipd-recording-XXXXXX");
    assert_non_null(mkdtemp(directory));
    *state = directory;
    return 0;
}

static int tear_down(void **state)
{
    char command[DIRECTORY_SIZE + 16];

    snprintf(command, sizeof(command), "rm -rf %s", (char *)*state);
    int r = system(command); /* NOLINT(cert-env33-c): a fixed command on our own directory */
    free(*state);
    return r;
}

/* Two frames with a note between them. */
static struct recording *make(const char *directory, uint64_t wall_ns, const char *instance)
{
    struct recording *recording = calloc(1, sizeof(*recording));
    struct frame_ring *ring;
    struct frame_record record = {
        .boot_ns = 1, .wall_ns = wall_ns, .captured = 60, .length = 1500, .kind = FRAME_PACKET};
    uint8_t frame[60];

    assert_non_null(recording);
    assert_int_equal(frame_ring_new(RING_SIZE, UINT64_MAX, &ring), 0);
    memset(frame, 0x5a, sizeof(frame));
    frame_ring_add(ring, &record, frame);
    record = (struct frame_record){
        .boot_ns = 2, .wall_ns = wall_ns + NS_PER_MS, .captured = 12, .kind = FRAME_NOTE};
    frame_ring_add(ring, &record, "link is down");
    record = (struct frame_record){
        .boot_ns = 3, .wall_ns = wall_ns + NS_PER_SEC, .captured = 60, .length = 60};
    frame_ring_add(ring, &record, frame);
    assert_true(recording_path(directory, wall_ns, instance, VRRP_BACKUP, VRRP_MASTER,
                               recording->path, sizeof(recording->path)));
    recording->datalink = DLT_EN10MB;
    snprintf(recording->about, sizeof(recording->about), "instance    %s\n", instance);
    recording->records = malloc(RING_SIZE);
    assert_non_null(recording->records);
    recording->size = frame_ring_copy(ring, 0, recording->records);
    frame_ring_free(ring);
    return recording;
}

static void write_good(const char *directory, uint64_t wall_ns)
{
    struct recording *recording = make(directory, wall_ns, "web");

    assert_int_equal(recording_write(recording), 0);
    recording_free(recording);
}

static size_t files_in(const char *directory)
{
    DIR *list = opendir(directory);
    size_t count = 0;

    assert_non_null(list);
    for (struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list))
        count += entry->d_name[0] != '.';
    closedir(list);
    return count;
}

static void both_files_are_written(void **state)
{
    char directory[2 * DIRECTORY_SIZE];
    char error[PCAP_ERRBUF_SIZE];
    char text[512] = "";
    struct pcap_pkthdr header;
    struct stat st;

    /* Neither the directory nor the one above it is there. */
    snprintf(directory, sizeof(directory), "%s/state/recordings", (const char *)*state);
    struct recording *recording = make(directory, WALL_NS, "web");
    assert_int_equal(recording_write(recording), 0);
    assert_string_equal(strrchr(recording->path, '/'),
                        "/20261121T140322.118-web-BACKUP-MASTER.pcap");
    assert_int_equal(files_in(directory), 2);
    assert_int_equal(stat(recording->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);

    pcap_t *pcap = pcap_open_offline(recording->path, error);
    assert_non_null(pcap);
    assert_int_equal(pcap_datalink(pcap), DLT_EN10MB);
    const u_char *octets = pcap_next(pcap, &header);
    assert_non_null(octets);
    assert_int_equal(octets[59], 0x5a);
    assert_int_equal(header.caplen, 60);
    assert_int_equal(header.len, 1500);
    assert_int_equal(header.ts.tv_sec, WALL_NS / NS_PER_SEC);
    assert_int_equal(header.ts.tv_usec, 118204);
    assert_non_null(pcap_next(pcap, &header));
    assert_null(pcap_next(pcap, &header));
    pcap_close(pcap);

    strcpy(strrchr(recording->path, '.'), ".txt");
    FILE *file = fopen(recording->path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    assert_string_equal(text, "instance    web\n"
                              "frames      2, and 0 for which there was no room\n\n"
                              "2026-11-21T14:03:22.119204Z  link is down\n");
    recording_free(recording);
}

static void the_oldest_are_removed(void **state)
{
    const char *directory = *state;
    char path[RECORDING_PATH_SIZE];
    char other[DIRECTORY_SIZE + 64];
    FILE *file;

    for (uint64_t i = 0; i < 5; i++)
        write_good(directory, WALL_NS + i * NS_PER_SEC);
    assert_int_equal(files_in(directory), 10);
    /* Not ours; and what somebody left who was killed. */
    snprintf(other, sizeof(other), "%s/kept-by-hand.pcap", directory);
    file = fopen(other, "w");
    assert_non_null(file);
    fclose(file);
    snprintf(other, sizeof(other), "%s/20261121T140322.118-web-BACKUP-MASTER.pcap.tmp", directory);
    file = fopen(other, "w");
    assert_non_null(file);
    fclose(file);

    assert_true(recording_path(directory, WALL_NS + 4 * NS_PER_SEC, "web", VRRP_BACKUP, VRRP_MASTER,
                               path, sizeof(path)));
    assert_int_equal(recording_prune(path, 3, UINT64_MAX), 0);
    assert_int_equal(files_in(directory), 7);
    assert_int_equal(access(path, R_OK), 0);
    assert_true(recording_path(directory, WALL_NS + NS_PER_SEC, "web", VRRP_BACKUP, VRRP_MASTER,
                               other, sizeof(other)));
    assert_int_equal(access(other, F_OK), -1);
    /* Each has 24 + 2 * (16 + 60) octets and a text. */
    assert_int_equal(recording_prune(path, 10, 700), 0);
    assert_int_equal(files_in(directory), 5);
    /* The newest stays, whatever its size. */
    assert_int_equal(recording_prune(path, 1, 10), 0);
    assert_int_equal(files_in(directory), 3);
    assert_int_equal(access(path, R_OK), 0);
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
    char directory[2 * DIRECTORY_SIZE];
    struct recording *recording;
    FILE *file;

    /* A file where the directory should be. */
    snprintf(directory, sizeof(directory), "%s/recordings", (const char *)*state);
    file = fopen(directory, "w");
    assert_non_null(file);
    fclose(file);
    recording = make(directory, WALL_NS, "web");
    assert_int_equal(recording_write(recording), -ENOTDIR);
    assert_int_equal(recording_prune(recording->path, 1, 1), -ENOTDIR);
    recording_free(recording);
    /* No such file system. */
    recording = make("/proc/vipd/recordings", WALL_NS, "web");
    assert_int_equal(recording_write(recording), -ENOENT);
    recording_free(recording);
    /* The text has no place: the frames go as well. */
    snprintf(directory, sizeof(directory), "%s", (const char *)*state);
    recording = make(directory, WALL_NS, "db");
    snprintf(directory, sizeof(directory), "%s/20261121T140322.118-db-BACKUP-MASTER.txt.tmp",
             (const char *)*state);
    assert_int_equal(mkdir(directory, 0700), 0);
    assert_int_equal(recording_write(recording), -EISDIR);
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(files_in(*state), 1);
    recording_free(recording);
    recording_free(NULL);
}

static void a_name_that_is_too_long_is_refused(void **state)
{
    char path[RECORDING_PATH_SIZE];
    char directory[RECORDING_PATH_SIZE];

    (void)state;
    memset(directory, 'd', sizeof(directory));
    directory[sizeof(directory) - 1] = '\0';
    assert_false(
        recording_path(directory, WALL_NS, "web", VRRP_BACKUP, VRRP_MASTER, path, sizeof(path)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_files_are_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_are_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_leaves_nothing, set_up, tear_down),
        cmocka_unit_test(a_name_that_is_too_long_is_refused),
    };

    return cmocka_run_group_tests_name("recording_file", tests, NULL, NULL);
}
