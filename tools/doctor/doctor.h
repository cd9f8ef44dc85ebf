/*
 * vipctl doctor: what all examinations look at, and the examinations by file. Each is a function
 * that adds what it finds amiss; one that adds nothing has found its subject in order. None of them
 * changes anything on the node.
 *
 * cmd_doctor owns the table of examinations, and everything for as long as it runs. patient gathers
 * vipd's status, the configuration and the network (network_view) once, before all examinations;
 * wire listens meanwhile. An examination reads what was gathered and, for its own subject, settings
 * of the kernel, files of other services below `root`, or what nft says (run_command). finding
 * keeps and prints what was found, causes says what of it follows from what. nft_rules, nft_match
 * and nft_packet are pure: the JSON of a ruleset in, a judgement out.
 */
#ifndef TOOLS_DOCTOR_DOCTOR_H
#define TOOLS_DOCTOR_DOCTOR_H

#include "lib/config/config.h"
#include "tools/common/network_view.h"
#include "tools/doctor/finding.h"

#include <sys/types.h>

struct wire;

/* Everything that was gathered before the examinations begin. */
struct patient {
    const struct config *config;          /* NULL: there is none that could be used */
    const struct config_problems *advice; /* of the configuration */
    const struct network_view *network;
    const json_t *before;    /* status of the running vipd; NULL: it does not run */
    const json_t *after;     /* the same once the listening was over; NULL likewise */
    bool in_doubt;           /* it may run: it could not be asked, which is a finding already */
    pid_t pid;               /* of the running vipd, 0: unknown */
    const struct wire *wire; /* NULL: nothing was listened to */
    const char *root;        /* where etc/, run/ and usr/ of the network managers are */
};

typedef void (*examine_fn)(const struct patient *patient, struct findings *out);

/* node.c: vipd itself and the machine. */
void examine_agent(const struct patient *patient, struct findings *out);
void examine_namespace(const struct patient *patient, struct findings *out);
void examine_configuration(const struct patient *patient, struct findings *out);
void examine_holds(const struct patient *patient, struct findings *out);
void examine_foreign_holders(const struct patient *patient, struct findings *out);
void examine_capabilities(const struct patient *patient, struct findings *out);
void examine_realtime(const struct patient *patient, struct findings *out);
void examine_kernel(const struct patient *patient, struct findings *out);
void examine_clock(const struct patient *patient, struct findings *out);

/* links.c: interfaces and addresses. */
void examine_interfaces(const struct patient *patient, struct findings *out);
void examine_sources(const struct patient *patient, struct findings *out);
void examine_mtu(const struct patient *patient, struct findings *out);
void examine_virtual_addresses(const struct patient *patient, struct findings *out);
void examine_peers(const struct patient *patient, struct findings *out);
void examine_duplicates(const struct patient *patient, struct findings *out);
void examine_snooping(const struct patient *patient, struct findings *out);

/* adverts.c: the adverts that were heard; `wire` must be there. */
void examine_adverts(const struct patient *patient, struct findings *out);

/* flows.c: what was heard beside what vipd counted. Only the last goes without a wire. */
void examine_flows(const struct patient *patient, struct findings *out);
void examine_listening(const struct patient *patient, struct findings *out);

/* lan.c: what vipd found odd about its peers. */
void examine_peers_of_agent(const struct patient *patient, struct findings *out);

/* firewall.c */
void examine_firewall(const struct patient *patient, struct findings *out);

/* sysctl.c: settings of the kernel. */
void examine_settings(const struct patient *patient, struct findings *out);

/* services.c */
void examine_services(const struct patient *patient, struct findings *out);

/* network_managers.c */
void examine_network_managers(const struct patient *patient, struct findings *out);

/* The instances of the configuration, and what a status says of one (NULL: nothing). */
const struct config_instance *patient_instance(const struct patient *patient, size_t i);
const json_t *patient_status(const struct patient *patient, const json_t *status,
                             const struct config_instance *instance);

/* "IPv4", "IPv6". */
const char *patient_family(enum ip_family family);

/* True when no instance before this one has the same interface. */
bool patient_first_on_link(const struct patient *patient, size_t i);

#endif
