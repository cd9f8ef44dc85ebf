/* Examinations of vipd itself and of the machine it runs on; see doctor.h. */
#include "tools/doctor/doctor.h"

#include "tools/common/field.h"
#include "tools/common/read_file.h"
#include "tools/doctor/wire.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

static const char this_node[] = "this node";

enum {
    STATUS_BYTES_MAX = 64 * 1024,
    PATH_SIZE = 64,
    LINE_SIZE = 2048,
};

/* A node that is configured and does not run is no backup for anybody. */
static void say_stopped(const struct patient *patient, struct findings *out)
{
    bool wanted = patient_instance(patient, 0) != NULL;

    finding_add(out, wanted ? SEVERITY_ERROR : SEVERITY_NOTE, "vipd-not-running", this_node,
                wanted ? "vipd does not run, and instances are configured: this node takes no part"
                       : "vipd does not run here");
    finding_fix(out, "systemctl enable --now vipd; if it does not stay up: journalctl -u vipd");
}

void examine_agent(const struct patient *patient, struct findings *out)
{
    const json_t *reload = json_object_get(patient->after, "last_reload");

    if (patient->after == NULL) {
        if (!patient->in_doubt)
            say_stopped(patient, out);
        return;
    }
    if (json_is_object(reload) && !field_true(reload, "ok")) {
        finding_add(out, SEVERITY_WARNING, "reload-failed", this_node,
                    "the last reload was refused: %s", field_text(reload, "text"));
        finding_fix(out, "vipctl check, mend what it says, vipctl reload");
    }
    long long repairs = field_number(patient->after, "repairs");
    if (repairs > 0) {
        finding_add(out, SEVERITY_WARNING, "addresses-removed", this_node,
                    "somebody else removed virtual addresses: vipd has put back %lld", repairs);
        finding_fix(out, "find out who: journalctl -u vipd, `ip monitor address`; often "
                         "NetworkManager, systemd-networkd or a script");
    }
}

/* Which network namespace a process is in; empty when that cannot be told. */
static void read_namespace(const char *process, char *text, size_t size)
{
    char path[PATH_SIZE];
    ssize_t length;

    snprintf(path, sizeof(path), "/proc/%s/ns/net", process);
    length = readlink(path, text, size - 1);
    text[length > 0 ? length : 0] = '\0';
}

void examine_namespace(const struct patient *patient, struct findings *out)
{
    char process[PATH_SIZE / 2];
    char ours[PATH_SIZE];
    char theirs[PATH_SIZE];

    if (patient->pid == 0)
        return;
    snprintf(process, sizeof(process), "%d", (int)patient->pid);
    read_namespace("self", ours, sizeof(ours));
    read_namespace(process, theirs, sizeof(theirs));
    if (ours[0] == '\0' || theirs[0] == '\0' || strcmp(ours, theirs) == 0)
        return;
    finding_add(out, SEVERITY_ERROR, "other-namespace", this_node,
                "vipd (pid %d) is in another network namespace: what is said here of interfaces, "
                "the wire and the firewall is not about it",
                (int)patient->pid);
    finding_fix(out, "nsenter --net=/proc/%d/ns/net vipctl doctor", (int)patient->pid);
}

/* True when the running instance is the configured one as far as the status tells. */
static bool is_same(const struct config_instance *instance, const json_t *running)
{
    return strcmp(field_text(running, "interface"), instance->interface) == 0 &&
           field_number(running, "vrid") == instance->vrid &&
           field_number(running, "base_priority") == instance->priority;
}

static void compare_with_running(const struct patient *patient, struct findings *out)
{
    static const char fix[] = "vipctl reload";
    const struct config_instance *instance;
    const json_t *running;
    size_t i;

    for (i = 0; (instance = patient_instance(patient, i)) != NULL; i++) {
        running = patient_status(patient, patient->after, instance);
        if (running != NULL && is_same(instance, running))
            continue;
        finding_add(out, SEVERITY_WARNING, "not-loaded", instance->name,
                    running != NULL ? "the configuration has changed since vipd read it"
                                    : "vipd does not know this instance of the configuration");
        finding_fix(out, fix);
    }
    json_array_foreach (json_object_get(patient->after, "instances"), i, running) {
        const char *name = field_text(running, "name");

        if (config_find_instance(patient->config, name) != NULL)
            continue;
        finding_add(out, SEVERITY_WARNING, "not-loaded", name,
                    "vipd runs this instance, which the configuration does not have");
        finding_fix(out, fix);
    }
}

void examine_configuration(const struct patient *patient, struct findings *out)
{
    const struct config_problems *advice = patient->advice;

    for (size_t i = 0; i < advice->count; i++) {
        const struct config_problem *problem = &advice->list[i];

        finding_add(out, SEVERITY_NOTE, "configuration-advice",
                    problem->section != NULL && problem->section[0] != '\0' ? problem->section
                                                                            : this_node,
                    "%s: %s", problem->key != NULL ? problem->key : "", problem->text);
        finding_fix(out, "see %s:%u", problem->file, problem->line);
    }
    if (patient->config != NULL && patient->after != NULL)
        compare_with_running(patient, out);
}

/* It serves nobody yet, and nobody else is to. */
static void examine_wait(const json_t *instance, struct findings *out)
{
    const json_t *waiting = json_object_get(instance, "waiting");
    bool release = strcmp(field_text(waiting, "for"), "release") == 0;

    if (!json_is_object(waiting))
        return;
    finding_add(out, SEVERITY_WARNING, "waiting", field_text(instance, "name"),
                "is MASTER and does not hold its addresses yet: %s, for %.1f s of at most %.1f s",
                release ? "the old master is to release them first"
                        : field_text(waiting, "command"),
                (double)field_number(waiting, "for_ms") / 1000,
                (double)field_number(waiting, "limit_ms") / 1000);
    finding_fix(out, "vipctl history %s tells how before-master ended so far",
                field_text(instance, "name"));
}

void examine_holds(const struct patient *patient, struct findings *out)
{
    const json_t *instance;
    const json_t *hold;
    size_t i;
    size_t j;

    json_array_foreach (json_object_get(patient->after, "instances"), i, instance) {
        char text[LINE_SIZE] = "";
        size_t used = 0;

        examine_wait(instance, out);
        json_array_foreach (json_object_get(instance, "held_by"), j, hold)
            if (json_is_string(hold) && used < sizeof(text))
                used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
                                         used > 0 ? ", " : "", json_string_value(hold));
        if (used == 0)
            continue;
        finding_add(out, SEVERITY_WARNING, "held", field_text(instance, "name"),
                    "does not take part in the election: %s", text);
        /* What failed from the start made no transition: the history may be empty. */
        finding_fix(out, "vipctl status %s tells why, vipctl history %s since when",
                    field_text(instance, "name"), field_text(instance, "name"));
    }
}

/* Whether adverts of the instance's VRID came from that MAC: a vipd that does not hear its peer
 * takes it for a foreigner. What is amiss with those adverts is found on the wire. */
static bool is_heard(const struct patient *patient, const json_t *instance, const char *mac)
{
    const struct wire_interface *wire =
        wire_interface(patient->wire, field_text(instance, "interface"));
    char text[MAC_TEXT_SIZE];

    for (size_t i = 0; wire != NULL && i < wire->count; i++) {
        const struct heard *heard = &wire->list[i];

        if (!heard->outgoing && heard->vrid == field_number(instance, "vrid") &&
            strcmp(mac_format(heard->mac, text, sizeof(text)), mac) == 0)
            return true;
    }
    return false;
}

void examine_foreign_holders(const struct patient *patient, struct findings *out)
{
    const json_t *instance;
    const json_t *router;
    size_t i;
    size_t j;

    json_array_foreach (json_object_get(patient->after, "instances"), i, instance) {
        json_array_foreach (json_object_get(instance, "routers"), j, router) {
            const json_t *holder = json_object_get(router, "foreign_holder");

            if (!json_is_object(holder) || is_heard(patient, instance, field_text(holder, "mac")))
                continue;
            finding_add(
                out, SEVERITY_ERROR, "foreign-holder", field_text(instance, "name"),
                "%s, which is none of the peers that are heard, answers for %s (%lld times)",
                field_text(holder, "mac"), field_text(holder, "address"),
                field_number(holder, "count"));
            finding_fix(out, "find the machine with that MAC (switch, `ip neigh`) and take the "
                             "address away from it");
        }
    }
}

/* The effective capabilities of a process. False: cannot be read. */
static bool read_capabilities(pid_t pid, unsigned long long *out, char *error, size_t size)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    char *text = read_file(path, STATUS_BYTES_MAX, error, size);
    const char *line = text != NULL ? strstr(text, "\nCapEff:") : NULL;
    if (line != NULL)
        *out = strtoull(line + strlen("\nCapEff:"), NULL, 16);
    else if (text != NULL)
        snprintf(error, size, "no CapEff in it");
    free(text);
    return line != NULL;
}

void examine_capabilities(const struct patient *patient, struct findings *out)
{
    static const struct {
        int bit;
        const char *name;
        const char *use;
    } needed[] = {
        {CAP_NET_ADMIN, "CAP_NET_ADMIN", "add and remove addresses"},
        {CAP_NET_RAW, "CAP_NET_RAW", "send and receive adverts"},
    };
    unsigned long long have = 0;
    char error[LINE_SIZE];

    if (patient->pid == 0)
        return;
    if (!read_capabilities(patient->pid, &have, error, sizeof(error))) {
        finding_add(out, SEVERITY_NOT_CHECKED, "capabilities", this_node,
                    "capabilities of vipd: /proc/%d/status: %s", (int)patient->pid, error);
        return;
    }
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if ((have & (1ULL << needed[i].bit)) != 0)
            continue;
        finding_add(out, SEVERITY_ERROR, "capability-missing", this_node,
                    "vipd (pid %d) has no %s: it cannot %s", (int)patient->pid, needed[i].name,
                    needed[i].use);
        finding_fix(out, "AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW in vipd.service");
    }
}

void examine_realtime(const struct patient *patient, struct findings *out)
{
    if (patient->pid == 0)
        return;
    int policy = sched_getscheduler(patient->pid);
    if (policy < 0) {
        finding_add(out, SEVERITY_NOT_CHECKED, "realtime", this_node,
                    "scheduling of vipd (pid %d): %s", (int)patient->pid, strerror(errno));
        return;
    }
    policy &= ~SCHED_RESET_ON_FORK;
    if (policy != SCHED_FIFO && policy != SCHED_RR) {
        bool wanted = patient->config == NULL || patient->config->realtime;

        finding_add(out, wanted ? SEVERITY_WARNING : SEVERITY_NOTE, "no-realtime", this_node,
                    "vipd runs without real-time priority%s: on a busy node adverts may be late",
                    wanted ? "" : " (realtime = no)");
        finding_fix(out, wanted ? "LimitRTPRIO=50 in vipd.service, or CAP_SYS_NICE"
                                : "realtime = yes in [node]");
    }
    if (!field_true(json_object_get(patient->after, "realtime"), "memory_locked")) {
        finding_add(out, SEVERITY_NOTE, "memory-not-locked", this_node,
                    "the memory of vipd is not locked: where the node swaps, adverts may be late");
        finding_fix(out, "LimitMEMLOCK=infinity in vipd.service, realtime = yes in [node]");
    }
}

void examine_kernel(const struct patient *patient, struct findings *out)
{
    enum { MAJOR = 4, MINOR = 19 };
    struct utsname name;
    unsigned major = 0;
    unsigned minor = 0;

    (void)patient;
    if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2) {
        finding_add(out, SEVERITY_NOT_CHECKED, "kernel", this_node,
                    "the version of the kernel cannot be told");
        return;
    }
    if (major > MAJOR || (major == MAJOR && minor >= MINOR))
        return;
    finding_add(out, SEVERITY_ERROR, "kernel-too-old", this_node,
                "Linux %s cannot mark addresses so that vipd knows its own: it needs %u.%u",
                name.release, (unsigned)MAJOR, (unsigned)MINOR);
    finding_fix(out, "install a kernel of at least %u.%u", (unsigned)MAJOR, (unsigned)MINOR);
}

void examine_clock(const struct patient *patient, struct findings *out)
{
    struct timex clock = {0};
    int state = adjtimex(&clock);

    (void)patient;
    if (state < 0) {
        finding_add(out, SEVERITY_NOT_CHECKED, "clock", this_node, "adjtimex: %s", strerror(errno));
    } else if (state == TIME_ERROR || (clock.status & STA_UNSYNC) != 0) {
        finding_add(out, SEVERITY_NOTE, "clock-unsynchronised", this_node,
                    "the clock is not synchronised: failover does not need it, but histories of "
                    "several nodes do not line up");
        finding_fix(out, "run chrony or systemd-timesyncd");
    }
}
