/*
 * One recording on disk: NAME.pcap with the frames (classic pcap, microseconds, as Wireshark and
 * tcpdump read it) and beside it NAME.txt with what is no frame: what happened and why, then the
 * events of the link and of its instances, each "TIME  TEXT" in UTC. Classic pcap has no place for
 * that, and libpcap writes no other form.
 *
 * NAME is YYYYmmddTHHMMSS.mmm-INSTANCE-FROM-TO, in UTC, so that names sort by time. Everything here
 * may block on the disk: it is called by the writer's thread only.
 */
#ifndef AGENT_RECORDER_RECORDING_FILE_H
#define AGENT_RECORDER_RECORDING_FILE_H

#include "agent/wire/frame_ring.h"
#include "lib/election/reason.h"

enum {
    RECORDING_ABOUT_SIZE = 1024,
    /* "20261121T140322.118" with its NUL. */
    RECORDING_TIME_SIZE = 24,
};

struct recording {
    char path[RECORDING_PATH_SIZE]; /* of the pcap file */
    char about[RECORDING_ABOUT_SIZE];
    int datalink;
    uint64_t missed;  /* frames for which there was no room, since the last recording */
    uint8_t *records; /* of frame_ring_copy(); owned */
    size_t size;
    int result; /* of writing it: 0 or a negative errno */
    int pruned; /* of removing old ones afterwards: 0 or a negative errno */
};

/* Writes "DIRECTORY/NAME.pcap". False: it is too long. */
bool recording_path(const char *directory, uint64_t wall_ns, const char *instance,
                    enum vrrp_state from, enum vrrp_state to, char *buffer, size_t size);

/* Writes both files under other names first: there is never half a recording. Makes the directory
 * (and the one above) when it is missing. 0 or a negative errno with nothing left behind. */
int recording_write(const struct recording *recording);

/* Removes the oldest recordings in the directory of `path` beyond so many and so many octets, but
 * never that one. Other files are left alone. 0 or a negative errno. */
int recording_prune(const char *path, unsigned files_max, uint64_t bytes_max);

void recording_free(struct recording *recording);

#endif
