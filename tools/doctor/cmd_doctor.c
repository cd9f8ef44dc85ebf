/*
 * vipctl doctor: gathers what there is to know of this node, runs the table of examinations over it
 * and prints what they found. It changes nothing; the worst it does is listen for some seconds.
 */
#include "tools/doctor/cmd_doctor.h"

#include "lib/config/duration.h"
#include "lib/control/control.h"
#include "tools/common/json_print.h"
#include "tools/common/options.h"
#include "tools/doctor/causes.h"
#include "tools/doctor/patient.h"
#include "tools/doctor/wire.h"

#include <string.h>

enum {
    DOCTOR_VERSION = 1,
    LISTEN_MAX_S = 60,
    LISTEN_DEFAULT_MAX_S = 5,
    /* Beyond these, nothing is listened to. */
    INTERFACES_MAX = 256,
};

/* What an examination needs: without it there is nothing to examine, nor to call good. */
enum need {
    NEED_NOTHING = 0,
    NEED_AGENT = 1u << 0,  /* a running vipd that answers */
    NEED_CONFIG = 1u << 1, /* a configuration that can be used */
    NEED_WIRE = 1u << 2,   /* something was listened to */
};

struct examination {
    const char *code;
    unsigned needs;
    examine_fn examine;
    const char *good; /* listed with --verbose when nothing is amiss */
};

static const struct examination examinations[] = {
    {"agent", NEED_NOTHING, examine_agent, "vipd runs and has its configuration"},
    {"namespace", NEED_AGENT, examine_namespace, "vipd is in this network namespace"},
    {"configuration", NEED_CONFIG, examine_configuration,
     "the configuration is sound and loaded where vipd runs"},
    {"kernel", NEED_NOTHING, examine_kernel, "the kernel is new enough"},
    {"capabilities", NEED_AGENT, examine_capabilities, "vipd has the capabilities that it needs"},
    {"realtime", NEED_AGENT, examine_realtime, "vipd has real-time priority and locked memory"},
    {"clock", NEED_NOTHING, examine_clock, "the clock is synchronised"},
    {"holds", NEED_AGENT, examine_holds, "every instance takes part in the election"},
    {"foreign-holders", NEED_AGENT, examine_foreign_holders,
     "nobody else answers for the addresses"},
    {"refused-peers", NEED_AGENT, examine_peers_of_agent,
     "vipd accepts the adverts of every router of this cluster"},
    {"interfaces", NEED_CONFIG, examine_interfaces,
     "every interface is there, is up and has carrier"},
    {"sources", NEED_CONFIG, examine_sources,
     "there is an address to send adverts from everywhere"},
    {"mtu", NEED_CONFIG, examine_mtu, "every MTU is large enough"},
    {"addresses", NEED_CONFIG, examine_virtual_addresses,
     "the virtual addresses fit the networks they are in"},
    {"peers", NEED_CONFIG, examine_peers, "every unicast peer can be one"},
    {"listening", NEED_CONFIG, examine_listening, "every interface could be listened to"},
    {"adverts", NEED_CONFIG | NEED_WIRE, examine_adverts,
     "nobody's adverts contradict the configuration"},
    {"flows", NEED_AGENT | NEED_WIRE, examine_flows,
     "adverts leave while MASTER, and those that come in reach vipd"},
    {"firewall", NEED_CONFIG, examine_firewall, "nftables lets adverts in and out"},
    {"settings", NEED_CONFIG, examine_settings, "the kernel's network settings suit"},
    {"duplicates", NEED_NOTHING, examine_duplicates, "no IPv6 address is a duplicate"},
    {"services", NEED_CONFIG, examine_services,
     "no service on a virtual address depends on where it is"},
    {"network-managers", NEED_CONFIG, examine_network_managers,
     "neither NetworkManager nor systemd-networkd removes foreign addresses"},
    {"snooping", NEED_CONFIG, examine_snooping,
     "no bridge here snoops multicast without a querier"},
};

enum { EXAMINATIONS = sizeof(examinations) / sizeof(examinations[0]) };

static bool take_listen(const char *text, void *into)
{
    uint64_t *listen_ns = into;

    return duration_parse(text, listen_ns) && *listen_ns <= LISTEN_MAX_S * NS_PER_SEC;
}

static bool parse_options(int argc, char **argv, struct doctor_options *out)
{
    const struct verb_option table[] = {
        {.name = "config", .text = &out->config_file},
        {.name = "config-dir", .text = &out->config_dir},
        {.name = "listen", .take = take_listen, .into = &out->listen_ns},
        {.name = "root", .text = &out->root},
        {.name = "json", .flag = &out->json},
        {.name = "verbose", .flag = &out->verbose},
    };

    *out = (struct doctor_options){.root = "", .listen_ns = DEADLINE_NEVER};
    return options_read(argc, argv, table, sizeof(table) / sizeof(table[0])) == argc;
}

static void examine_all(const struct patient *patient, struct findings *out)
{
    unsigned have = NEED_NOTHING;

    have |= patient->after != NULL ? NEED_AGENT : NEED_NOTHING;
    have |= patient->config != NULL ? NEED_CONFIG : NEED_NOTHING;
    have |= patient->wire != NULL ? NEED_WIRE : NEED_NOTHING;
    for (size_t i = 0; i < EXAMINATIONS; i++) {
        const struct examination *examination = &examinations[i];
        size_t before = out->count;

        if ((examination->needs & ~have) != 0)
            continue;
        examination->examine(patient, out);
        if (out->count == before)
            finding_add(out, SEVERITY_GOOD, examination->code, examination->code, "%s",
                        examination->good);
    }
}

/* Long enough to hear a master, short enough for somebody who waits. */
static uint64_t listening_time(const struct doctor_options *options, const struct patient *patient)
{
    const struct config_instance *instance;
    uint64_t longest_ns = 0; /* until a master counts as dead, but for the skew */

    if (options->listen_ns != DEADLINE_NEVER)
        return options->listen_ns;
    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++)
        if (instance->dead_factor * instance->advert_interval_ns > longest_ns)
            longest_ns = instance->dead_factor * instance->advert_interval_ns;
    uint64_t wanted_ns = longest_ns + NS_PER_SEC;
    return wanted_ns < LISTEN_DEFAULT_MAX_S * NS_PER_SEC ? wanted_ns
                                                         : LISTEN_DEFAULT_MAX_S * NS_PER_SEC;
}

/* On every interface of the configuration that is up. NULL: there is none, or it is not wanted. */
static struct wire *listen_to_wire(const struct doctor_options *options,
                                   const struct patient *patient)
{
    const struct config_instance *instance;
    const char *names[INTERFACES_MAX];
    size_t count = 0;
    uint64_t listen_ns = listening_time(options, patient);

    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++) {
        const struct link_view *link = network_view_link(patient->network, instance->interface);
        size_t known = 0;

        while (known < count && strcmp(names[known], instance->interface) != 0)
            known++;
        if (link != NULL && link->up && known == count && count < INTERFACES_MAX)
            names[count++] = instance->interface;
    }
    return count > 0 && listen_ns > 0 ? wire_listen(names, count, listen_ns) : NULL;
}

static void print_json(const struct doctor_options *options, const struct findings *findings)
{
    json_t *all =
        json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:o}", "version", DOCTOR_VERSION, "errors",
                  (json_int_t)findings_count(findings, SEVERITY_ERROR), "warnings",
                  (json_int_t)findings_count(findings, SEVERITY_WARNING), "not_checked",
                  (json_int_t)findings_count(findings, SEVERITY_NOT_CHECKED), "notes",
                  (json_int_t)findings_count(findings, SEVERITY_NOTE), "good",
                  (json_int_t)findings_count(findings, SEVERITY_GOOD), "findings",
                  findings_to_json(findings, options->verbose));

    json_print(all);
    json_decref(all);
}

/* An instance is on its interface, and everything is on the node. */
static bool relates(const void *userdata, const char *cause, const char *symptom)
{
    const struct patient *patient = userdata;
    const struct config_instance *instance;

    if (strcmp(cause, symptom) == 0 || strcmp(cause, "this node") == 0)
        return true;
    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++)
        if (strcmp(instance->name, symptom) == 0 && strcmp(instance->interface, cause) == 0)
            return true;
    return false;
}

int cmd_doctor(const struct context *context, int argc, char **argv)
{
    struct doctor_options options;
    struct patient_parts parts;
    struct patient patient;
    struct findings findings = {0};
    struct wire *wire = NULL;

    if (!parse_options(argc, argv, &options))
        return context_wrong_usage(context, "--listen: at most 60s, 0 for not at all\n");
    if (patient_gather(context, &options, &parts, &patient, &findings)) {
        wire = listen_to_wire(&options, &patient);
        patient.wire = wire;
        patient_ask_again(context, &parts, &patient, &findings);
        examine_all(&patient, &findings);
        causes_fold(&findings, relates, &patient);
    }
    findings_sort(&findings);
    if (options.json)
        print_json(&options, &findings);
    else
        findings_print(&findings, options.verbose, context->colour, stdout);
    bool bad = findings_count(&findings, SEVERITY_ERROR) > 0 ||
               findings_count(&findings, SEVERITY_WARNING) > 0;
    findings_free(&findings);
    patient_release(&parts);
    wire_free(wire);
    return bad ? EXIT_FAILED : EXIT_GOOD;
}
