/*
 * Hooks that systemd runs: "unit: NAME" where a command line could be. It starts
 * vipd-hook@NAME.service, which runs a program of that name as root. vipd is not root, and what it
 * tells that program goes through a file that it writes; so what may stand in it is fixed here, for
 * who writes and for who reads: these variables and no others, in characters that mean nothing to a
 * shell, whatever vipd was made to say.
 */
#ifndef VIP_CONFIG_HOOK_UNIT_H
#define VIP_CONFIG_HOOK_UNIT_H

#include "lib/limits.h"

#include <stdbool.h>

/* Programs that units run, one a file; root's alone. */
#define HOOK_PROGRAMS_DIR "/etc/vipd/hooks"

/* Where vipd writes what it tells them: NAME.event. */
#define HOOK_EVENTS_LEAF  "hooks"
#define HOOK_EVENTS_DIR   "/run/vipd/" HOOK_EVENTS_LEAF
#define HOOK_EVENT_SUFFIX ".event"

/* PATH of a hook when nobody says otherwise. */
#define HOOK_PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum {
    HOOK_UNIT_SIZE = sizeof("vipd-hook@.service") + NAME_SIZE,
    /* Variables of one run, and all their text together. */
    HOOK_VARIABLES_MAX = 32,
    HOOK_TEXT_SIZE_MAX = 128 * 1024,
};

/* First word of such a command. */
#define HOOK_UNIT_WORD "unit:"

/* Letters, digits, '_', '-' and '.', the first one a letter or digit: the same in the name of a
 * unit and of a file. */
bool hook_unit_name_is_valid(const char *name);

/* NAME of "unit: NAME" as its words; NULL: it is a command line, or none (argv NULL). */
const char *hook_unit_program(char *const *argv);

/* "vipd-hook@NAME.service". Returns buffer. */
const char *hook_unit_format(const char *program, char buffer[HOOK_UNIT_SIZE]);

/* Makes "NAME=value" harmless: whatever is not known to be so becomes '_' in the value. False: that
 * variable is none of those that a hook is told. */
bool hook_unit_clean(char *variable);

#endif
