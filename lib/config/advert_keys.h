/*
 * Keys of authenticated adverts (lib/packet/auth.h): from `auth-key`, and from the files that it
 * names, which whoever reads the configuration's files hands in. They live in guarded memory from
 * here on; no message has any of one.
 */
#ifndef VIP_CONFIG_ADVERT_KEYS_H
#define VIP_CONFIG_ADVERT_KEYS_H

#include "lib/config/config.h"

/* Reads the text of a regular file of at most SECRET_FILE_BYTES_MAX octets, to be freed by the
 * caller, without waiting for anybody; of a name without a slash that of a credential. NULL:
 * `error` says why. */
typedef char *config_secret_reader(const char *path, char *error, size_t error_size);

/* Fills in the keys of an instance that has any. False: problems were added. */
bool config_advert_keys_read(struct config_instance *instance, config_secret_reader *reader,
                             struct config_problems *problems);

#endif
