/*
 * Counts what a program allocates in its first thread, for whoever reads the file that
 * COUNT_ALLOCATIONS names: one uint64_t. Loaded before the C library, whose allocator does the
 * work.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* glibc's, by the names that it keeps for this. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);

static uint64_t fallback;
static uint64_t *counter = &fallback;

static __attribute__((constructor)) void open_counter(void)
{
    const char *path = getenv("COUNT_ALLOCATIONS");
    int fd = path != NULL ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

    if (fd < 0)
        return;
    if (ftruncate(fd, sizeof(*counter)) == 0) {
        void *map = mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED)
            counter = map;
    }
    close(fd);
}

static void note(void)
{
    if (gettid() == getpid())
        ++*counter;
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
    note();
    return __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
    note();
    return __libc_calloc(count, size);
}

__attribute__((visibility("default"))) void *realloc(void *block, size_t size)
{
    note();
    return __libc_realloc(block, size);
}
