/* Records of routers, and the file they are in; see sequences.h. */
#include "agent/instances/sequences.h"

#include "agent/base/clock.h"
#include "agent/base/file_saver.h"
#include "agent/base/log.h"
#include "agent/base/regular_file.h"
#include "lib/config/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_MODE = 0640,
    DIRECTORY_MODE = 0750,
    PATH_SIZE = 4096,
    /* All instances with both families and a few senders each. */
    FILE_SIZE_MAX = 4 * 1024 * 1024,
    WORDS = 4, /* of a line, at most */
    /* No machine is back so soon. */
    BOOT_S = 10,
};

#define FILE_NAME "sequences"
#define FILE_HEAD "# vipd: stamps of authenticated adverts; written by vipd, not to be edited\n"

/* Marks that have moved are written once in such a time. */
#define PERIOD_NS (60 * NS_PER_SEC)
/* And in such a one where after a crash of the machine no clock says what is old: by the monotonic
 * rule, and by that of time where the window is wider than a boot takes. */
#define PERIOD_OFTEN_NS (5 * NS_PER_SEC)
/* Of sequences, by the monotonic rule: reserved at a time, and what of it is left at the next. */
#define RESERVE (UINT64_C(3600) << 32)
#define REFILL  (UINT64_C(1800) << 32)
/* By the rule of time, while the clock is behind: only the counter goes on. */
#define RESERVE_BEHIND (UINT64_C(1) << 20)

/* Of marks that were written longer ago nothing is concluded: clocks drift. */
#define RESUMED_MAX_NS (2 * PERIOD_NS)
/* UTC and the boot clock are as far apart as when it was written: no other boot, nobody set UTC. */
#define SAME_CLOCK_NS ((int64_t)NS_PER_SEC)

/* One router, for as long as the agent runs. */
struct sequence_record {
    struct sequences *sequences;
    char name[NAME_SIZE];
    enum ip_family family;
    struct authentication *live; /* NULL: there is no such router now */
    bool sent;
    uint64_t last;
    uint64_t ceiling; /* written, or on its way */
    struct auth_peers *marks;
    bool resumed; /* the marks are those of the file, */
    struct sequence_record *next;
};

struct sequences {
    struct sequence_record *first;
    struct file_saver *saver;
    char path[PATH_SIZE];
    uint64_t loaded_ns; /* which was read then, by the boot clock */
    bool same_clock;    /* and by a boot clock that goes on since it was written */
    uint64_t saved_ns;  /* boot time when it was last handed over; 0: never */
    bool saving;
    bool again; /* something has to be written that is not on its way */
    bool failing;
};

static struct sequence_record *find(const struct sequences *sequences, const char *name,
                                    enum ip_family family)
{
    struct sequence_record *record = sequences->first;

    while (record != NULL && (record->family != family || strcmp(record->name, name) != 0))
        record = record->next;
    return record;
}

/* NULL: out of memory. */
static struct sequence_record *enter(struct sequences *sequences, const char *name,
                                     enum ip_family family)
{
    struct sequence_record *record = find(sequences, name, family);

    if (record != NULL)
        return record;
    record = calloc(1, sizeof(*record));
    struct auth_peers *marks = calloc(1, sizeof(*marks));
    if (record == NULL || marks == NULL) {
        free(record);
        free(marks);
        return NULL;
    }
    *record = (struct sequence_record){
        .sequences = sequences, .family = family, .marks = marks, .next = sequences->first};
    snprintf(record->name, sizeof(record->name), "%s", name);
    sequences->first = record;
    return record;
}

/* ---- Writing */

/* What the router has now. */
static void refresh(struct sequence_record *record)
{
    const struct authentication *auth = record->live;

    if (auth == NULL)
        return;
    if (auth->sender.sent) {
        record->sent = true;
        record->last = auth->sender.last;
    }
    if (auth->peers != NULL) {
        *record->marks = *auth->peers;
        record->resumed = false;
    }
}

static bool is_monotonic(const struct sequence_record *record)
{
    return record->live != NULL && record->live->policy.rules.replay == AUTH_REPLAY_MONOTONIC;
}

static bool is_saved_often(const struct sequence_record *record)
{
    const struct authentication *auth = record->live;

    return is_monotonic(record) || (auth != NULL && auth->policy.rules.window_s > BOOT_S);
}

/* What may be sent before the file is written again; nothing at the end. */
static uint64_t reserve_of(const struct sequence_record *record)
{
    if (record->live == NULL)
        return 0;
    if (is_monotonic(record))
        return RESERVE;
    bool behind = auth_sequence_after(record->last, auth_sequence_at(clock_wall_ns()));
    return behind ? RESERVE_BEHIND : 0;
}

static void put_record(FILE *out, struct sequence_record *record)
{
    const char *family = ip_family_name(record->family);
    char text[ADDRESS_TEXT_SIZE];

    refresh(record);
    if (record->sent) {
        record->ceiling = record->last + reserve_of(record);
        fprintf(out, "sent %s %s 0x%016" PRIx64 "\n", record->name, family, record->ceiling);
    }
    for (size_t i = 0; i < AUTH_PEERS_MAX; i++) {
        const struct auth_peer *peer = &record->marks->list[i];

        if (!peer->mark.set)
            continue;
        ip_address_format(&peer->address, text, sizeof(text));
        fprintf(out, "mark %s %s %s 0x%016" PRIx64 "\n", record->name, family, text,
                peer->mark.sequence);
        if (peer->mark.accepted_ns != 0)
            fprintf(out, "believed %s %s %s 0x%016" PRIx64 "\n", record->name, family, text,
                    peer->mark.accepted_ns);
    }
}

/* NULL: out of memory. */
static char *dump(struct sequences *sequences)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    fputs(FILE_HEAD, out);
    fprintf(out, "boot 0x%016" PRIx64 "\n", clock_wall_ns() - clock_boot_ns());
    for (struct sequence_record *record = sequences->first; record != NULL; record = record->next)
        put_record(out, record);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static void save(struct sequences *sequences)
{
    sequences->again = sequences->saving;
    if (sequences->saving)
        return;
    char *text = dump(sequences);
    sequences->saving = text != NULL && file_saver_put(sequences->saver, text);
    sequences->saved_ns = clock_boot_ns();
}

static void on_saved(void *userdata, int error)
{
    struct sequences *sequences = userdata;
    char text[REGULAR_FILE_ERROR_SIZE];

    sequences->saving = false;
    if (error < 0 && !sequences->failing)
        log_msg(LOG_ERR, "cannot save %s: %s", sequences->path, regular_file_error(error, 0, text));
    else if (error == 0 && sequences->failing)
        log_msg(LOG_NOTICE, "%s is saved again", sequences->path);
    sequences->failing = error < 0;
    if (sequences->again)
        save(sequences);
}

void sequences_note(const struct authentication *auth, uint64_t utc_ns, uint64_t boot_ns)
{
    const struct sequence_record *record = auth->record;

    if (record == NULL)
        return;
    struct sequences *sequences = record->sequences;
    uint64_t last = auth->sender.last;
    bool spent = auth->sender.sent && auth_sequence_after(last, record->ceiling);
    bool behind = auth_sequence_after(last, auth_sequence_at(utc_ns));
    bool low = is_monotonic(record) && auth->sender.sent &&
               auth_sequence_after(last + REFILL, record->ceiling);
    /* A disk that fails is not asked with each advert. */
    bool due = boot_ns - sequences->saved_ns >= (sequences->failing ? PERIOD_NS : 0);

    uint64_t period_ns =
        is_saved_often(record) && !sequences->failing ? PERIOD_OFTEN_NS : PERIOD_NS;

    if (boot_ns - sequences->saved_ns >= period_ns || (due && (low || (spent && behind))))
        save(sequences);
}

/* ---- Reading */

static bool read_family(const char *text, enum ip_family *family)
{
    *family = strcmp(text, ip_family_name(IP_FAMILY_IPV6)) == 0 ? IP_FAMILY_IPV6 : IP_FAMILY_IPV4;
    return strcmp(text, ip_family_name(*family)) == 0;
}

static bool read_number(const char *text, uint64_t *number)
{
    char *end;

    if (strncmp(text, "0x", 2) != 0 || text[2] == '\0')
        return false;
    errno = 0;
    *number = strtoull(text + 2, &end, 16);
    return errno == 0 && *end == '\0';
}

/* When the sender of a mark was believed last, by the boot clock. */
static void set_believed(struct sequence_record *record, const struct ip_address *address,
                         uint64_t accepted_ns)
{
    for (size_t i = 0; i < AUTH_PEERS_MAX; i++)
        if (ip_address_equal(&record->marks->list[i].address, address))
            record->marks->list[i].mark.accepted_ns = accepted_ns;
}

/* One line. False: it is not what we write. */
static bool read_line(struct sequences *sequences, char *line)
{
    char *words[WORDS + 1] = {NULL};
    struct ip_address address;
    enum ip_family family;
    uint64_t number;
    char *rest = NULL;
    size_t count = 0;

    for (char *word = strtok_r(line, " ", &rest); word != NULL && count <= WORDS;
         word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    bool sent = count == WORDS && strcmp(words[0], "sent") == 0;
    bool mark = count == WORDS + 1 && strcmp(words[0], "mark") == 0;
    bool believed = count == WORDS + 1 && strcmp(words[0], "believed") == 0;
    if (count == 2 && strcmp(words[0], "boot") == 0 && read_number(words[1], &number)) {
        int64_t moved_ns = (int64_t)(clock_wall_ns() - clock_boot_ns() - number);

        sequences->same_clock = moved_ns <= SAME_CLOCK_NS && moved_ns >= -SAME_CLOCK_NS;
        return true;
    }
    if ((!sent && !mark && !believed) || !config_name_valid(words[1], strlen(words[1])) ||
        !read_family(words[2], &family) || !read_number(words[count - 1], &number) ||
        (!sent && !ip_address_parse(words[3], &address)))
        return false;
    struct sequence_record *record = enter(sequences, words[1], family);
    if (record == NULL)
        return false;
    record->resumed = true;
    if (mark)
        auth_peers_set(record->marks, &address, number);
    if (believed)
        set_believed(record, &address, number);
    if (!sent)
        return true;
    record->sent = true;
    record->last = number;
    record->ceiling = number;
    return true;
}

static void load(struct sequences *sequences)
{
    char problem[REGULAR_FILE_ERROR_SIZE];
    char *text;
    char *rest = NULL;
    size_t length;
    size_t bad = 0;
    int r = regular_file_read(sequences->path, FILE_SIZE_MAX, &text, &length);

    if (r < 0 && r != -ENOENT)
        log_msg(LOG_ERR, "cannot read %s: %s: stamps of adverts begin anew", sequences->path,
                regular_file_error(r, FILE_SIZE_MAX, problem));
    if (r < 0)
        return;
    sequences->loaded_ns = clock_boot_ns();
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        if (*line != '#' && !read_line(sequences, line))
            bad++;
    if (bad > 0)
        log_msg(LOG_ERR, "%s: %zu lines make no sense: left out", sequences->path, bad);
    free(text);
}

int sequences_open(struct worker *worker, const char *state_dir, struct sequences **out)
{
    struct sequences *sequences = calloc(1, sizeof(*sequences));

    *out = NULL;
    if (sequences == NULL)
        return -ENOMEM;
    const struct file_saver_options options = {
        .worker = worker,
        .directory = state_dir,
        .name = FILE_NAME,
        .directory_mode = DIRECTORY_MODE,
        .file_mode = FILE_MODE,
        .synced = true,
        .saved = on_saved,
        .userdata = sequences,
    };
    int length = snprintf(sequences->path, sizeof(sequences->path), "%s/" FILE_NAME, state_dir);
    int r = length < 0 || (size_t)length >= sizeof(sequences->path) ? -ENAMETOOLONG : 0;
    if (r == 0)
        r = file_saver_open(&options, &sequences->saver);
    if (r < 0) {
        free(sequences);
        return r;
    }
    load(sequences);
    *out = sequences;
    return 0;
}

void sequences_close(struct sequences *sequences)
{
    if (sequences == NULL)
        return;
    char *text = sequences->first != NULL ? dump(sequences) : NULL;
    if (text != NULL)
        (void)file_saver_put(sequences->saver, text);
    file_saver_close(sequences->saver);
    while (sequences->first != NULL) {
        struct sequence_record *record = sequences->first;

        sequences->first = record->next;
        free(record->marks);
        free(record);
    }
    free(sequences);
}

/* ---- Routers */

/* A file that a crash has left is up to a minute old. By the rule of time a sender's clock has gone
 * on since: what it had stamped when this agent started is no news, whether it was heard or not. */
static uint64_t mark_of(const struct sequence_record *record, const struct auth_mark *mark,
                        const struct auth_rules *rules)
{
    const struct sequences *sequences = record->sequences;
    uint64_t passed_ns = sequences->loaded_ns - mark->accepted_ns;

    if (!record->resumed || !sequences->same_clock || rules->replay != AUTH_REPLAY_TIME ||
        mark->accepted_ns == 0 || passed_ns > RESUMED_MAX_NS)
        return mark->sequence;
    return auth_sequence_passed(mark->sequence, passed_ns);
}

void sequences_begin(struct sequences *sequences, const char *instance, enum ip_family family,
                     struct authentication *auth)
{
    if (sequences == NULL || auth->keys == NULL || auth->peers == NULL || auth->record != NULL)
        return;
    struct sequence_record *record = enter(sequences, instance, family);
    if (record == NULL) {
        log_instance(LOG_ERR, instance, "out of memory: stamps of adverts are not kept");
        return;
    }
    /* One of that name may still be handing over. */
    refresh(record);
    record->live = auth;
    auth->record = record;
    bool further = auth_sequence_after(record->last, record->ceiling);
    if (record->sent)
        auth_sender_resume(&auth->sender, &auth->policy.rules,
                           further ? record->last : record->ceiling, clock_wall_ns());
    for (size_t i = 0; i < AUTH_PEERS_MAX; i++) {
        const struct auth_peer *peer = &record->marks->list[i];

        if (peer->mark.set && auth_peers_find(auth->peers, &peer->address) == NULL)
            auth_peers_set(auth->peers, &peer->address,
                           mark_of(record, &peer->mark, &auth->policy.rules));
    }
}

void sequences_end(struct authentication *auth)
{
    struct sequence_record *record = auth->record;

    auth->record = NULL;
    if (record == NULL || record->live != auth)
        return;
    refresh(record);
    record->ceiling = record->last;
    record->live = NULL;
}
