/* Keys of authenticated adverts, made of the kernel's randomness; see cmd_keygen.h. */
#include "tools/check/cmd_keygen.h"

#include "tools/common/options.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    KEY_OCTETS = 32,
    TEXT_SIZE = 2 * KEY_OCTETS + 1, /* and the end of the line */
};

/* False: there is no randomness. */
static bool make_key(char text[TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t octets[KEY_OCTETS];
    ssize_t n;

    do
        n = getrandom(octets, sizeof(octets), 0);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof(octets))
        return false;
    for (size_t i = 0; i < sizeof(octets); i++) {
        text[2 * i] = digits[octets[i] >> 4];
        text[2 * i + 1] = digits[octets[i] & 0x0f];
    }
    text[TEXT_SIZE - 1] = '\n';
    explicit_bzero(octets, sizeof(octets));
    return true;
}

/* The user vipd reads it by its group, where there is one. 0 or an errno. */
static int write_to(int fd, const char *text)
{
    const struct group *group = getgrnam("vipd");
    bool given = group != NULL && fchown(fd, (uid_t)-1, group->gr_gid) == 0;

    if (fchmod(fd, given ? 0640 : 0600) != 0)
        return errno;
    ssize_t n = write(fd, text, TEXT_SIZE);
    if (n < 0)
        return errno;
    return n == TEXT_SIZE ? 0 : ENOSPC;
}

/* 0 or an errno. What is there may be the key that a cluster runs on. */
static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    int error = write_to(fd, text);
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error != 0)
        (void)unlink(path);
    return error;
}

static int put(const char *path, const char *text)
{
    int error = 0;

    if (path != NULL)
        error = write_file(path, text);
    else if (fwrite(text, 1, TEXT_SIZE, stdout) != TEXT_SIZE || fflush(stdout) != 0)
        error = errno;
    if (error == 0)
        return EXIT_GOOD;
    fprintf(stderr, "vipctl: %s: %s\n", path != NULL ? path : "standard output", strerror(error));
    return EXIT_FAILED;
}

int cmd_keygen(const struct context *context, int argc, char **argv)
{
    const char *path = NULL;
    const struct verb_option table[] = {{.name = "output", .letter = 'o', .text = &path}};
    char text[TEXT_SIZE];

    if (options_read(argc, argv, table, sizeof(table) / sizeof(table[0])) != argc)
        return context_wrong_usage(context, NULL);
    if (!make_key(text)) {
        fputs("vipctl: the kernel has no randomness\n", stderr);
        return EXIT_FAILED;
    }
    int r = put(path, text);
    explicit_bzero(text, sizeof(text));
    return r;
}
