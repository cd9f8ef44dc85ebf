/* The history as vipd leaves it on disk, for when nobody can be asked. */
#ifndef TOOLS_STATUS_HISTORY_FILE_H
#define TOOLS_STATUS_HISTORY_FILE_H

#include <jansson.h>

#define HISTORY_STATE_DIR_DEFAULT "/var/lib/vipd"

/* All entries of the files in that directory, oldest first: a new array owned by the caller, NULL
 * when memory ran out or no file could be read (said on stderr unless there is none). Damaged lines
 * are counted on stderr. */
json_t *history_file_read(const char *state_dir);

#endif
