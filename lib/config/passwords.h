/*
 * Passwords of version 2 (packet_auth): from the key `password`, and from the files that
 * `password-file` names. This room opens no file: whoever reads the configuration's files hands in
 * the function that reads these, and calls it behind config_parse(). No message has any of one.
 */
#ifndef VIP_CONFIG_PASSWORDS_H
#define VIP_CONFIG_PASSWORDS_H

#include "lib/config/config.h"

/* Reads the text of a regular file of at most PASSWORD_FILE_BYTES_MAX octets, to be freed by the
 * caller, without waiting for anybody. NULL: `error` says why. */
typedef char *config_password_reader(const char *path, char *error, size_t error_size);

/* Fills in the passwords that stand in files. False: problems were added, which config_parse() has
 * opened; then the configuration is of no use: an instance without its password is another one. */
bool config_passwords_read(struct config *config, config_password_reader *reader,
                           struct config_problems *problems);

#endif
