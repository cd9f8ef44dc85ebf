/* Lists and reads the files of a configuration. Names and texts are owned by the list. */
#include "tools/common/config_files.h"

#include "lib/config/advice.h"
#include "lib/config/advice_secrets.h"
#include "lib/config/secrets.h"
#include "tools/common/read_file.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Of the service vipd, while it runs. */
#define SERVICE_CREDENTIALS "/run/credentials/vipd.service"
/* The user and the group it runs as. */
#define SERVICE_USER "vipd"

typedef char *text_reader(const char *path, size_t max, char *error, size_t error_size);

/* The same bounds as vipd's. */
static bool fits(struct config_files *files, const char *text)
{
    files->bytes += strlen(text);
    if (files->bytes > CONFIG_BYTES_MAX)
        snprintf(files->error, sizeof(files->error),
                 "too large, all files together may have %d octets", CONFIG_BYTES_MAX);
    else if (files->count > CONFIG_FILES_MAX + 1)
        snprintf(files->error, sizeof(files->error), "too many files, at most %d are read",
                 CONFIG_FILES_MAX);
    return files->bytes <= CONFIG_BYTES_MAX && files->count <= CONFIG_FILES_MAX + 1;
}

/* read: read_file(), or read_regular_file() for what nobody has named: a FIFO would keep us
 * waiting.
 */
static bool add_file(struct config_files *files, const char *path, text_reader *read)
{
    struct config_source *grown = reallocarray(files->list, files->count + 1, sizeof(*files->list));
    char *name = strdup(path);

    if (grown != NULL)
        files->list = grown;
    snprintf(files->error_path, sizeof(files->error_path), "%s", path);
    if (grown == NULL || name == NULL) {
        snprintf(files->error, sizeof(files->error), "out of memory");
        free(name);
        return false;
    }
    char *text = read(path, CONFIG_BYTES_MAX, files->error, sizeof(files->error));
    if (text == NULL) {
        free(name);
        return false;
    }
    grown[files->count++] = (struct config_source){.name = name, .text = text};
    return fits(files, text);
}

/* Not hidden and ending in .conf: editors leave other files about. */
static int is_config(const struct dirent *entry)
{
    static const char ending[] = ".conf";
    size_t length = strlen(entry->d_name);
    size_t ending_length = strlen(ending);

    return entry->d_name[0] != '.' && length > ending_length &&
           strcmp(entry->d_name + length - ending_length, ending) == 0;
}

/* By octets: the order must not hang on the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_directory(struct config_files *files, const char *dir)
{
    struct dirent **entries = NULL;
    bool good = true;
    int count = scandir(dir, &entries, is_config, by_name);

    if (count < 0) {
        int reason = errno;

        snprintf(files->error_path, sizeof(files->error_path), "%s", dir);
        snprintf(files->error, sizeof(files->error), "%s", strerror(reason));
        return reason == ENOENT;
    }
    for (int i = 0; i < count; i++) {
        char *path = NULL;

        if (good && asprintf(&path, "%s/%s", dir, entries[i]->d_name) >= 0) {
            good = add_file(files, path, read_regular_file);
            free(path);
        }
        free(entries[i]);
    }
    free(entries);
    return good;
}

bool config_files_load_list(char *const *files, size_t count, const char *dir,
                            struct config_files *out)
{
    *out = (struct config_files){0};
    for (size_t i = 0; i < count; i++) {
        if (!add_file(out, files[i], read_file))
            return false;
    }
    return dir == NULL || add_directory(out, dir);
}

bool config_files_load(const char *file, const char *dir, struct config_files *out)
{
    char *const files[] = {(char *)file};

    return config_files_load_list(files, 1, dir, out);
}

/* For config_secrets_read(). A name without a slash is that of a credential: ours where we have
 * any, else of the service as it runs. */
static char *read_secret(const char *path, char *error, size_t error_size)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    char *whole = NULL;

    if (path[0] == '/')
        return read_regular_file(path, SECRET_FILE_BYTES_MAX, error, error_size);
    if (asprintf(&whole, "%s/%s", directory != NULL ? directory : SERVICE_CREDENTIALS, path) < 0) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    char *text = read_regular_file(whole, SECRET_FILE_BYTES_MAX, error, error_size);
    free(whole);
    return text;
}

struct config *config_files_parse(const struct config_files *files,
                                  struct config_problems *problems)
{
    struct config *config = config_parse(files->list, files->count, problems);

    if (config != NULL && config_secrets_read(config, read_secret, problems))
        return config;
    config_free(config);
    return NULL;
}

static bool look_at_secret(const char *path, struct config_secret_access *out)
{
    const struct passwd *user = getpwnam(SERVICE_USER);
    const struct group *group = getgrnam(SERVICE_USER);
    struct stat st;

    if (stat(path, &st) < 0)
        return false;
    *out = (struct config_secret_access){
        .mode = st.st_mode & 07777,
        .owner = st.st_uid,
        .group = st.st_gid,
        .owner_known = st.st_uid == 0 || (user != NULL && st.st_uid == user->pw_uid),
        .group_known = st.st_gid == 0 || (group != NULL && st.st_gid == group->gr_gid),
    };
    return true;
}

void config_files_advise(const struct config *config, struct config_problems *advice)
{
    config_advise(config, advice);
    config_advise_secrets(config, look_at_secret, advice);
}

void config_files_free(struct config_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free((char *)files->list[i].name);
        free((char *)files->list[i].text);
    }
    free(files->list);
    *files = (struct config_files){0};
}
