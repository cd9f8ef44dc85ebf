/* What is nobody's, counted or dropped; see segment_filter.h. Owner: the segment. */
#include "agent/wire/segment_filter.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "lib/limits.h"

#include <assert.h>
#include <string.h>

enum {
    VRID_OFFSET = 1,
    WORD_BITS = 32,
    WORDS = ROSTER_VRIDS / WORD_BITS,
    STEPS_PER_WORD = 3,
    PASS = -1, /* all octets */
};

static uint32_t word_of(const struct roster *roster, size_t slot, size_t word)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < WORD_BITS; i++)
        if (roster->first[slot][word * WORD_BITS + i] != NULL)
            bits |= 1u << i;
    return bits;
}

/* A table of bits, as there are no tables: the word that the upper bits of the VRID choose is
 * shifted by the lower ones. */
unsigned short segment_filter_program(const struct roster *roster, size_t slot,
                                      struct sock_filter program[SEGMENT_FILTER_PROGRAM_SIZE])
{
    const struct sock_filter head4[] = {
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), /* X: where the message begins */
    };
    const struct sock_filter head6[] = {
        BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 0),
    };
    const struct sock_filter choose[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
        BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, VRID_OFFSET, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, (uint32_t)PASS),
        BPF_STMT(BPF_LD | BPF_B | BPF_IND, VRID_OFFSET),
        BPF_STMT(BPF_ST, 0),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, WORD_BITS - 1),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_MEM, 0),
        BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, WORD_BITS),
    };
    const struct sock_filter decide[] = {
        BPF_STMT(BPF_ALU | BPF_RSH | BPF_X, 0),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, (uint32_t)PASS),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    size_t n = 0;

    memcpy(program, slot == roster_slot(IP_FAMILY_IPV4) ? head4 : head6, sizeof(head4));
    n += sizeof(head4) / sizeof(head4[0]);
    memcpy(program + n, choose, sizeof(choose));
    n += sizeof(choose) / sizeof(choose[0]);
    for (size_t i = 0; i < WORDS; i++) {
        const struct sock_filter word[STEPS_PER_WORD] = {
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)i, 0, STEPS_PER_WORD - 1),
            BPF_STMT(BPF_LD | BPF_IMM, word_of(roster, slot, i)),
            BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(STEPS_PER_WORD * (WORDS - 1 - i))),
        };
        memcpy(program + n, word, sizeof(word));
        n += STEPS_PER_WORD;
    }
    memcpy(program + n, decide, sizeof(decide));
    n += sizeof(decide) / sizeof(decide[0]);
    assert(n <= SEGMENT_FILTER_PROGRAM_SIZE);
    return (unsigned short)n;
}

static void drop_others(const struct segment_filter *filter)
{
    struct sock_filter program[SEGMENT_FILTER_PROGRAM_SIZE];
    struct sock_fprog all = {.filter = program};

    all.len = segment_filter_program(filter->roster, filter->slot, program);
    int r = advert_io_filter(filter->io, &all);
    if (r < 0) /* They are read, and the rest of the loop is protected by rest.h. */
        log_msg(LOG_DEBUG, "cannot filter adverts: %s", strerror(-r));
}

static int on_over(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct segment_filter *filter = userdata;

    (void)source;
    (void)usec;
    filter->drops = false;
    filter->strangers = 0;
    (void)advert_io_filter(filter->io, NULL);
    return 0;
}

/* Without its end it does not begin. */
static int start_timer(struct segment_filter *filter, sd_event *event)
{
    const uint64_t after_us = SEGMENT_FILTER_SECONDS * NS_PER_SEC / NS_PER_US;
    int r;

    if (filter->timer == NULL) {
        r = source_add_time_relative(event, &filter->timer, CLOCK_BOOTTIME, after_us, 0, on_over,
                                     filter);
        return r < 0 ? r : sd_event_source_set_priority(filter->timer, AGENT_PRIORITY_CHECKS);
    }
    r = source_set_time_relative(filter->timer, after_us);
    return r < 0 ? r : source_set_enabled(filter->timer, SD_EVENT_ONESHOT);
}

void segment_filter_start(struct segment_filter *filter, struct advert_io *io,
                          const struct roster *roster, size_t slot)
{
    filter->io = io;
    filter->roster = roster;
    filter->slot = slot;
}

void segment_filter_stop(struct segment_filter *filter)
{
    filter->timer = sd_event_source_disable_unref(filter->timer);
    filter->drops = false;
    filter->io = NULL;
}

void segment_filter_update(const struct segment_filter *filter)
{
    if (filter->drops)
        drop_others(filter);
}

static bool too_many(struct segment_filter *filter)
{
    uint64_t now_ns = clock_boot_ns();

    if (now_ns >= filter->second_ends_ns) {
        filter->second_ends_ns = now_ns + NS_PER_SEC;
        filter->strangers = 0;
    }
    return ++filter->strangers > SEGMENT_FILTER_STRANGERS;
}

void segment_filter_count(struct segment_filter *filter, sd_event *event,
                          const struct packet_ip *ip, const uint8_t *payload, size_t size)
{
    struct advert advert;
    enum packet_verdict verdict = packet_receive(ip, payload, size, NULL, &advert, NULL);

    filter->counters[verdict == PACKET_OK ? PACKET_VRID_ERROR : verdict]++;
    if (filter->drops || filter->io == NULL || !too_many(filter) || start_timer(filter, event) < 0)
        return;
    filter->drops = true;
    drop_others(filter);
}
