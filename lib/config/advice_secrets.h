/*
 * Advice about who else can read the files that `auth-key` and `password-file` name. This room
 * opens no file: whoever reads the configuration's files says what such a one is like.
 */
#ifndef VIP_CONFIG_ADVICE_SECRETS_H
#define VIP_CONFIG_ADVICE_SECRETS_H

#include "lib/config/config.h"

struct config_secret_access {
    unsigned mode;    /* permissions alone */
    unsigned owner;   /* uid */
    unsigned group;   /* gid */
    bool owner_known; /* root, or the user vipd runs as */
    bool group_known; /* root's, or that user's */
};

/* Looks at the file with that absolute path. False: nothing can be said of it. */
typedef bool config_secret_looker(const char *path, struct config_secret_access *out);

/* Appends to *out, which is opened where that is needed. Of credentials nothing is said: systemd
 * keeps them. */
void config_advise_secrets(const struct config *config, config_secret_looker *look,
                           struct config_problems *out);

#endif
