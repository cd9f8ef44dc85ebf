/* The configuration's files, read as vipd reads them and within its bounds: FILE..., then
 * DIR/?*.conf in name order, regular files alone. A FILE may be a pipe. */
#ifndef TOOLS_COMMON_CONFIG_FILES_H
#define TOOLS_COMMON_CONFIG_FILES_H

#include "lib/config/config.h"

#include <limits.h>

struct config_files {
    struct config_source *list;
    size_t count;
    size_t bytes;              /* of all texts */
    char error_path[PATH_MAX]; /* what could not be read, and why */
    char error[128];
};

/* dir: NULL for none; one that does not exist has no files. False: something could not be read;
 * error_path and error say what. config_files_free() in either case. */
bool config_files_load(const char *file, const char *dir, struct config_files *out);

/* The same with any number of files before the directory's. */
bool config_files_load_list(char *const *files, size_t count, const char *dir,
                            struct config_files *out);

/* config_parse(), and the passwords that stand in files of their own. NULL: problems. */
struct config *config_files_parse(const struct config_files *files,
                                  struct config_problems *problems);

/* What is unwise in it (config_advise()), and about the files of its keys and passwords. *advice is
 * overwritten, and freed with config_problems_free(). */
void config_files_advise(const struct config *config, struct config_problems *advice);

void config_files_free(struct config_files *files);

#endif
