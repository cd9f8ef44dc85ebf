/*
 * Reads configuration files as vipd does and says what it finds, for people (one line a problem, as
 * compilers do, so that editors can jump to it) or as JSON. What it merely advises against goes to
 * stderr: stdout of a good configuration is one line.
 */
#include "tools/check/cmd_check.h"

#include "lib/packet/packet.h"
#include "tools/common/config_files.h"
#include "tools/common/field.h"
#include "tools/common/json_print.h"
#include "tools/common/network_view.h"
#include "tools/common/options.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_FILE "/etc/vipd/vipd.conf"
#define DEFAULT_DIR  "/etc/vipd/conf.d"

enum { LINE_SIZE = 8192 };

struct check_options {
    char **files;
    size_t file_count;
    const char *dir;
    bool json;
};

/* What was found. */
struct findings {
    const struct config *config; /* NULL: there are problems */
    struct config_problems problems;
    struct config_problems advice;
    json_t *notes; /* what is said of this machine: elements like those of the others */
};

static bool parse_options(int argc, char **argv, struct check_options *out)
{
    static char *standard[] = {DEFAULT_FILE};
    const struct verb_option table[] = {
        {.name = "config-dir", .text = &out->dir},
        {.name = "json", .flag = &out->json},
    };

    *out = (struct check_options){0};
    int first = options_read(argc, argv, table, sizeof(table) / sizeof(table[0]));
    if (first < 0)
        return false;
    out->files = argv + first;
    out->file_count = (size_t)(argc - first);
    if (out->file_count == 0) {
        out->files = standard;
        out->file_count = 1;
        out->dir = out->dir != NULL ? out->dir : DEFAULT_DIR;
    }
    return true;
}

/* Whether this machine shows interfaces but the loopback: else it tells nothing of any. */
static bool has_interfaces(const struct network_view *network)
{
    for (size_t i = 0; i < network->count; i++)
        if (!network->links[i].loopback)
            return true;
    return false;
}

/* What is wrong with it here, or NULL. */
static const char *interface_note(const struct network_view *network,
                                  const struct config_instance *instance, char *text, size_t size)
{
    const struct link_view *link = network_view_link(network, instance->interface);

    if (instance->interface[0] == '\0')
        return NULL;
    if (link == NULL) {
        snprintf(text, size, "there is no interface %s on this machine", instance->interface);
        return text;
    }
    const struct interface_nature nature = link_view_nature(link);
    return interface_unfit(&nature, instance, text, size);
}

static void add_note(struct findings *findings, const struct config_instance *instance,
                     const char *key, const char *text)
{
    char section[NAME_SIZE + 16];

    snprintf(section, sizeof(section), "instance %s", instance->name);
    json_array_append_new(findings->notes,
                          json_pack("{s:o, s:i, s:s, s:s, s:o}", "file", json_text(instance->file),
                                    "line", (int)instance->line, "section", section, "key", key,
                                    "text", json_text(text)));
}

/* One note for a device, however many addresses are to be on it. */
static void note_devices(struct findings *findings, const struct network_view *network,
                         const struct config_instance *instance)
{
    for (size_t i = 0; i < instance->claim_count; i++) {
        const struct claimed_address *claim = &instance->claims[i];
        char text[INTERFACE_FIT_SIZE];
        size_t first = 0;

        while (strcmp(instance->claims[first].device, claim->device) != 0)
            first++;
        if (claim->device[0] == '\0' || first != i ||
            network_view_link(network, claim->device) != NULL)
            continue;
        snprintf(text, sizeof(text), "there is no interface %s on this machine", claim->device);
        add_note(findings, instance, claim->extra ? "extra-addresses" : "addresses", text);
    }
}

/* An address of that family, but this one, which no vipd has put on the link: adverts can have it
 * for their source. */
static bool has_source(const struct link_view *link, const struct ip_address *but)
{
    for (size_t i = 0; i < link->address_count; i++) {
        const struct address_view *own = &link->addresses[i];

        if (!own->ours && own->prefix.address.family == but->family &&
            !ip_address_equal(&own->prefix.address, but))
            return true;
    }
    return false;
}

/* Virtual addresses that are there and that vipd has not put there. */
static void note_present(struct findings *findings, const struct network_view *network,
                         const struct config_instance *instance)
{
    const struct link_view *link = network_view_link(network, instance->interface);

    for (size_t i = 0; link != NULL && i < instance->claim_count; i++) {
        const struct claimed_address *claim = &instance->claims[i];
        const struct address_view *there = link_view_address(link, &claim->prefix.address);
        char address[ADDRESS_TEXT_SIZE];
        char text[INTERFACE_FIT_SIZE];

        if (there == NULL || there->ours || claim->device[0] != '\0' ||
            instance->priority == PRIORITY_OWNER)
            continue;
        ip_address_format(&claim->prefix.address, address, sizeof(address));
        if (!has_source(link, &claim->prefix.address))
            snprintf(text, sizeof(text),
                     "%s is this node's own address on %s: nothing is left to send from. Take it "
                     "out, or set priority = 255 if this node owns it",
                     address, link->name);
        else if (!instance->adopt)
            snprintf(text, sizeof(text),
                     "%s is on %s already, and vipd has not put it there: it stays when this node "
                     "gives the addresses up (adopt = yes takes it over)",
                     address, link->name);
        else
            continue;
        add_note(findings, instance, claim->extra ? "extra-addresses" : "addresses", text);
    }
}

/* The configuration may be another machine's: what is not so here is worth a note. */
static void note_interfaces(struct findings *findings)
{
    const struct config *config = findings->config;
    struct network_view network;
    size_t count = 0;

    if (network_view_read(&network) == 0 && has_interfaces(&network))
        count = config->instance_count;
    for (size_t i = 0; i < count; i++) {
        const struct config_instance *instance = &config->instances[i];
        char text[INTERFACE_FIT_SIZE];

        if (interface_note(&network, instance, text, sizeof(text)) != NULL)
            add_note(findings, instance, "interface", text);
        note_devices(findings, &network, instance);
        note_present(findings, &network, instance);
    }
    network_view_free(&network);
}

static void print_notes(const json_t *notes)
{
    const json_t *note;
    size_t i;

    json_array_foreach (notes, i, note)
        fprintf(stderr, "%s:%lld: note: [%s] %s: %s\n", field_text(note, "file"),
                field_number(note, "line"), field_text(note, "section"), field_text(note, "key"),
                field_text(note, "text"));
}

/* As configured: derived link-local addresses are not counted. */
static size_t count_addresses(const struct config *config)
{
    size_t count = 0;

    for (size_t i = 0; i < config->instance_count; i++) {
        const struct config_instance *instance = &config->instances[i];

        count += instance->claim_count;
        count -= instance->link_local_derived ? 1 : 0;
    }
    return count;
}

static const char *plural(size_t count, const char *ending)
{
    return count == 1 ? "" : ending;
}

/* "FILE:LINE: warning: [section] key: text" */
static void print_advice(const struct config_problem *advice)
{
    char line[LINE_SIZE];
    const char *rest = strchr(config_problem_format(advice, line, sizeof(line)) +
                                  strlen(advice->file != NULL ? advice->file : ""),
                              ' ');

    if (rest != NULL)
        fprintf(stderr, "%.*s warning:%s\n", (int)(rest - line), line, rest);
}

static void print_text(const char *file, const struct findings *findings)
{
    const struct config *config = findings->config;
    char line[LINE_SIZE];

    for (size_t i = 0; i < findings->problems.count; i++)
        puts(config_problem_format(&findings->problems.list[i], line, sizeof(line)));
    for (size_t i = 0; i < findings->advice.count; i++)
        print_advice(&findings->advice.list[i]);
    print_notes(findings->notes);
    if (config == NULL)
        return;
    size_t addresses = count_addresses(config);
    size_t warnings = findings->advice.count;
    size_t files = config->file_count - 1;
    printf("%s", file);
    if (files > 0)
        printf(" and %zu more file%s", files, plural(files, "s"));
    printf(": %zu instance%s, %zu address%s, no problems", config->instance_count,
           plural(config->instance_count, "s"), addresses, plural(addresses, "es"));
    if (warnings > 0)
        printf(", %zu warning%s", warnings, plural(warnings, "s"));
    putchar('\n');
}

static json_t *json_list(const struct config_problems *problems)
{
    json_t *list = json_array();

    for (size_t i = 0; i < problems->count; i++) {
        const struct config_problem *problem = &problems->list[i];

        json_array_append_new(
            list, json_pack("{s:o, s:i, s:o, s:o, s:o}", "file", json_text(problem->file), "line",
                            (int)problem->line, "section", json_text(problem->section), "key",
                            json_text(problem->key), "text", json_text(problem->text)));
    }
    return list;
}

static void print_json(const char *file, const struct findings *findings)
{
    const struct config *config = findings->config;
    json_t *files = json_array();

    for (size_t i = 0; config != NULL && i < config->file_count; i++)
        json_array_append_new(files, json_text(config->files[i]));
    json_t *all = json_pack("{s:i, s:o, s:o, s:b, s:I, s:I, s:o, s:o, s:O}", "version", 1, "file",
                            json_text(file), "files", files, "valid", config != NULL, "instances",
                            (json_int_t)(config != NULL ? config->instance_count : 0), "addresses",
                            (json_int_t)(config != NULL ? count_addresses(config) : 0), "problems",
                            json_list(&findings->problems), "warnings",
                            json_list(&findings->advice), "notes", findings->notes);
    json_print(all);
    json_decref(all);
}

static void print(const struct check_options *options, const struct findings *findings)
{
    if (options->json)
        print_json(options->files[0], findings);
    else
        print_text(options->files[0], findings);
}

int cmd_check(const struct context *context, int argc, char **argv)
{
    struct check_options options;
    struct config_files files;
    struct findings findings = {.notes = NULL};
    struct config *config = NULL;
    int result = EXIT_USAGE;

    if (!parse_options(argc, argv, &options))
        return context_wrong_usage(context, NULL);
    findings.notes = json_array();
    if (config_files_load_list(options.files, options.file_count, options.dir, &files)) {
        config = config_files_parse(&files, &findings.problems);
        findings.config = config;
        if (config != NULL)
            config_files_advise(config, &findings.advice);
        if (config != NULL)
            note_interfaces(&findings);
        print(&options, &findings);
        config_problems_free(&findings.problems);
        config_problems_free(&findings.advice);
        result = config != NULL ? EXIT_GOOD : EXIT_FAILED;
    } else {
        struct config_problem problem = {.file = files.error_path, .text = files.error};

        findings.problems = (struct config_problems){.list = &problem, .count = 1};
        print(&options, &findings);
    }
    json_decref(findings.notes);
    config_free(config);
    config_files_free(&files);
    return result;
}
