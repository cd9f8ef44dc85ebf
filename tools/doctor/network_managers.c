/*
 * Examination of NetworkManager and systemd-networkd: whether they look after an interface of ours
 * and would remove addresses that are not theirs. What they do at the moment is in /run; below
 * `root`, so that it can be tested.
 */
#include "tools/doctor/doctor.h"

#include "tools/common/read_file.h"

#include <dirent.h>
#include <fnmatch.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_BYTES_MAX = 256 * 1024,
    /* A folder of ours and the name of a file in it. */
    FILE_NAME_SIZE = NAME_MAX + 64,
};

/* Where .network files are; what comes first wins over files of the same name further down. */
static const char *const folders[] = {"etc/systemd/network", "run/systemd/network",
                                      "usr/lib/systemd/network", "lib/systemd/network"};

enum { FOLDERS = sizeof(folders) / sizeof(folders[0]) };

/* A file below the root; NULL: there is none. */
static char *read_below(const struct patient *patient, const char *name)
{
    char path[PATH_MAX];
    char error[128];

    if (snprintf(path, sizeof(path), "%s/%s", patient->root, name) >= (int)sizeof(path))
        return NULL;
    return read_file(path, FILE_BYTES_MAX, error, sizeof(error));
}

struct lookup {
    const char *section; /* NULL: any */
    const char *key;
    char *out;
    size_t size;
};

static int on_value(void *user, const char *section, const char *name, const char *value)
{
    const struct lookup *lookup = user;

    if ((lookup->section == NULL || strcmp(section, lookup->section) == 0) &&
        strcmp(name, lookup->key) == 0)
        snprintf(lookup->out, lookup->size, "%s", value);
    return 1;
}

/* The last value of a key; `out` stays as it is when there is none. */
static void look_up(const char *text, const char *section, const char *key, char *out, size_t size)
{
    struct lookup lookup = {section, key, out, size};

    if (text != NULL)
        (void)ini_parse_string(text, on_value, &lookup);
}

static void examine_network_manager(const struct patient *patient, const struct link_view *link,
                                    struct findings *out)
{
    char name[64];
    char managed[16] = "false";

    snprintf(name, sizeof(name), "run/NetworkManager/devices/%d", link->ifindex);
    char *text = read_below(patient, name);
    look_up(text, "device", "managed", managed, sizeof(managed));
    if (text != NULL && strcmp(managed, "true") == 0) {
        finding_add(out, SEVERITY_NOTE, "networkmanager", link->name,
                    "NetworkManager manages the interface: each time it activates a connection it "
                    "removes addresses that it does not know (vipd puts them back)");
        finding_fix(out,
                    "nothing, or leave the interface to something else: nmcli device set %s "
                    "managed no",
                    link->name);
    }
    free(text);
}

static int is_network(const struct dirent *entry)
{
    static const char ending[] = ".network";
    size_t length = strlen(entry->d_name);

    return length > strlen(ending) && strcmp(entry->d_name + length - strlen(ending), ending) == 0;
}

static int is_drop_in(const struct dirent *entry)
{
    static const char ending[] = ".conf";
    size_t length = strlen(entry->d_name);

    return length > strlen(ending) && strcmp(entry->d_name + length - strlen(ending), ending) == 0;
}

/* By octets: the order must not hang on the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* As scandir(), below the root. */
static int list_below(const struct patient *patient, const char *folder,
                      int (*wanted)(const struct dirent *), struct dirent ***entries)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/%s", patient->root, folder) >= (int)sizeof(path))
        return 0;
    return scandir(path, entries, wanted, by_name);
}

/* Whether one of the patterns in `names` (separated by spaces) fits. */
static bool fits(const char *names, const char *interface)
{
    char copy[256];
    char *save = NULL;

    snprintf(copy, sizeof(copy), "%s", names);
    for (char *pattern = strtok_r(copy, " \t", &save); pattern != NULL;
         pattern = strtok_r(NULL, " \t", &save))
        if (fnmatch(pattern, interface, 0) == 0)
            return true;
    return false;
}

/* Whether [Match] Name= of a .network file fits the link. */
static bool file_fits(const struct patient *patient, const char *name, const struct link_view *link)
{
    char match[256] = "";
    char *text = read_below(patient, name);

    look_up(text, "Match", "Name", match, sizeof(match));
    free(text);
    return fits(match, link->name);
}

/* The first .network file that fits, in name order over all folders, as networkd would take it.
 * False: there is none. */
static bool find_network_file(const struct patient *patient, const struct link_view *link,
                              char *file, size_t size)
{
    char best[NAME_MAX + 1] = ""; /* its name without the folder */

    for (size_t i = 0; i < FOLDERS; i++) {
        struct dirent **entries = NULL;
        int count = list_below(patient, folders[i], is_network, &entries);

        for (int j = 0; j < count; j++) {
            const char *name = entries[j]->d_name;
            char path[FILE_NAME_SIZE];

            snprintf(path, sizeof(path), "%s/%s", folders[i], name);
            if ((best[0] == '\0' || strcmp(name, best) < 0) && file_fits(patient, path, link)) {
                snprintf(best, sizeof(best), "%s", name);
                snprintf(file, size, "/%s", path);
            }
            free(entries[j]);
        }
        free(entries);
    }
    return best[0] != '\0';
}

/* KeepConfiguration= of a file and of its drop-ins, whichever folder those are in. */
static void read_keep(const struct patient *patient, const char *file, char *keep, size_t size)
{
    const char *base = strrchr(file, '/') != NULL ? strrchr(file, '/') + 1 : file;
    char *text = read_below(patient, file[0] == '/' ? file + 1 : file);

    look_up(text, "Network", "KeepConfiguration", keep, size);
    free(text);
    /* The administrator's own folder is read last: it wins. */
    for (size_t i = FOLDERS; i-- > 0;) {
        struct dirent **entries = NULL;
        char folder[FILE_NAME_SIZE];

        snprintf(folder, sizeof(folder), "%s/%s.d", folders[i], base);
        int count = list_below(patient, folder, is_drop_in, &entries);
        for (int j = 0; j < count; j++) {
            char path[2 * FILE_NAME_SIZE];

            snprintf(path, sizeof(path), "%s/%s", folder, entries[j]->d_name);
            text = read_below(patient, path);
            look_up(text, "Network", "KeepConfiguration", keep, size);
            free(text);
            free(entries[j]);
        }
        free(entries);
    }
}

/* The .network file in force for a link. False: networkd does not run, or leaves it alone. */
static bool networkd_file(const struct patient *patient, const struct link_view *link, char *file,
                          size_t size)
{
    char name[64];
    char state[32] = "";

    snprintf(name, sizeof(name), "run/systemd/netif/links/%d", link->ifindex);
    char *running = read_below(patient, "run/systemd/netif/state");
    char *text = read_below(patient, name);
    file[0] = '\0';
    look_up(text, "", "ADMIN_STATE", state, sizeof(state));
    look_up(text, "", "NETWORK_FILE", file, size);
    bool known = text != NULL;
    bool runs = running != NULL;
    free(text);
    free(running);
    if (strcmp(state, "unmanaged") == 0)
        return false;
    if (file[0] != '\0')
        return true;
    return runs && !known && find_network_file(patient, link, file, size);
}

static void examine_networkd(const struct patient *patient, const struct link_view *link,
                             struct findings *out)
{
    char file[PATH_MAX];
    char keep[32] = "";

    if (!networkd_file(patient, link, file, sizeof(file)))
        return;
    read_keep(patient, file, keep, sizeof(keep));
    if (strcmp(keep, "yes") == 0 || strcmp(keep, "static") == 0)
        return;
    const char *base = strrchr(file, '/') != NULL ? strrchr(file, '/') + 1 : file;
    finding_add(out, SEVERITY_WARNING, "networkd", link->name,
                "systemd-networkd configures the interface (%s) and removes addresses that it does "
                "not know when it is restarted or reconfigures the link (vipd puts them back)",
                file);
    finding_fix(out,
                "KeepConfiguration=static under [Network] in "
                "/etc/systemd/network/%s.d/vipd.conf, then networkctl reload",
                base);
}

void examine_network_managers(const struct patient *patient, struct findings *out)
{
    const struct config_instance *instance;

    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++) {
        const struct link_view *link = network_view_link(patient->network, instance->interface);

        if (link == NULL || !patient_first_on_link(patient, i))
            continue;
        examine_network_manager(patient, link, out);
        examine_networkd(patient, link, out);
    }
}
