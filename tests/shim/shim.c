// A library for LD_PRELOAD that stands between a program and its disk and clock, so that tests can cut the power, break the
// disk, fill it, and move the clock of one process without any privilege.
//
// Power cuts. Before every change of the database's files (SHIM_FILE, its -wal and its -journal) it appends to
// FILE.undo what was there; a successful fsync of the file empties that log. Who kills the process and undoes what the
// logs hold has the disk as it was at the last fsync. `tests::power` does that, and keeps some of the writes if asked.
//
// Faults. SHIM_CONTROL names a file of five numbers (int64, this machine's order) that is mapped, so that a test changes
// them while the program runs:
//   0  nanoseconds that CLOCK_REALTIME is ahead of the true time
//   1  what fsync does: 0 its work, 1 nothing (a disk that lies), 2 fails with EIO
//   2  how many bytes the files may still grow; negative: as many as they like
//   3  how often fsync was asked for, counted here
//   4  where CLOCK_REALTIME stands still, in nanoseconds; 0: it goes
//
// Deliberately absent: renames, deletions that a power cut undoes, memory-mapped writes. SQLite needs none of them for what
// it promises in WAL mode; its -shm is thrown away by a power cut.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { CLOCK_AHEAD, SYNC, ROOM, SYNCS, STANDS_AT, NUMBERS };
enum { HONEST, LIES, FAILS };
enum { DATABASE, WAL, JOURNAL, FILES };
enum { WRITE, TRUNCATE };

// What is at the head of an entry in an undo log; `kept` bytes follow.
struct entry {
    int64_t kind, offset, old_size, length, kept;
};

static const char *const suffixes[FILES] = {"", "-wal", "-journal"};
static const char *database;
static volatile int64_t *control;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int undo[FILES] = {-1, -1, -1};

// What is known of a descriptor: 0 nothing, 1 not ours, 2 and more one of our files.
#define MOST 65536
static unsigned char known[MOST];

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_close)(int);
static int (*real_open)(const char *, int, ...);
static int (*real_unlink)(const char *);
static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_gettimeofday)(struct timeval *, void *);

static void begin(void) {
    *(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    *(void **)&real_write = dlsym(RTLD_NEXT, "write");
    *(void **)&real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    *(void **)&real_fsync = dlsym(RTLD_NEXT, "fsync");
    *(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    *(void **)&real_close = dlsym(RTLD_NEXT, "close");
    *(void **)&real_open = dlsym(RTLD_NEXT, "open64");
    *(void **)&real_unlink = dlsym(RTLD_NEXT, "unlink");
    *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    *(void **)&real_gettimeofday = dlsym(RTLD_NEXT, "gettimeofday");
    database = getenv("SHIM_FILE");
    const char *path = getenv("SHIM_CONTROL");
    int fd = path ? real_open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd >= 0) {
        void *map = mmap(NULL, NUMBERS * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        control = map == MAP_FAILED ? NULL : map;
        real_close(fd);
    }
    // A test that meant to inject faults and cannot must not pass.
    if (path && !control) abort();
}

static void ready(void) { pthread_once(&once, begin); }

static int64_t number(int which, int64_t otherwise) { return control ? control[which] : otherwise; }

static int file_of(const char *path) {
    size_t length = database ? strlen(database) : 0;
    if (!length || strncmp(path, database, length)) return -1;
    for (int file = 0; file < FILES; file++)
        if (!strcmp(path + length, suffixes[file])) return file;
    return -1;
}

// Which of our files a descriptor is; -1 if none.
static int ours(int fd) {
    if (!database || fd < 0 || fd >= MOST) return -1;
    if (!known[fd]) {
        char link[64], path[PATH_MAX];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, path, sizeof path - 1);
        path[length < 0 ? 0 : length] = 0;
        known[fd] = 2 + file_of(path);
    }
    return known[fd] - 2;
}

static int undo_log(int file) {
    if (undo[file] < 0) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s%s.undo", database, suffixes[file]);
        undo[file] = real_open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (undo[file] < 0) abort();
    }
    return undo[file];
}

static int64_t size_of(int fd) {
    struct stat status;
    return fstat(fd, &status) ? 0 : status.st_size;
}

// Keeps what a change is about to overwrite or cut off. One write for each entry: a kill leaves it whole or cuts its end.
static void keep(int file, int fd, int kind, int64_t offset, int64_t length) {
    int64_t size = size_of(fd), end = kind == TRUNCATE ? size : offset + length;
    int64_t kept = (end < size ? end : size) - offset;
    if (kept < 0) kept = 0;
    char *buffer = malloc(sizeof(struct entry) + kept);
    if (!buffer) abort();
    struct entry head = {kind, offset, size, length, kept};
    memcpy(buffer, &head, sizeof head);
    if (kept && pread(fd, buffer + sizeof head, kept, offset) != kept) abort();
    ssize_t whole = sizeof head + kept;
    if (real_write(undo_log(file), buffer, whole) != whole) abort();
    free(buffer);
}

// How many of these bytes there is room for: only what makes the file grow takes any.
static size_t room_for(int fd, size_t count, int64_t offset) {
    int64_t room = number(ROOM, -1), size = size_of(fd);
    int64_t growth = offset + (int64_t)count - size;
    if (room < 0 || growth <= 0) return count;
    int64_t grows = growth < room ? growth : room;
    control[ROOM] = room - grows;
    return count - (growth - grows);
}

static ssize_t write_at(int file, int fd, const void *data, size_t count, int64_t offset) {
    pthread_mutex_lock(&lock);
    size_t fits = room_for(fd, count, offset);
    ssize_t written = -1;
    int error = ENOSPC;
    if (fits || !count) {
        keep(file, fd, WRITE, offset, fits);
        written = real_pwrite(fd, data, fits, offset);
        error = errno;
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return written;
}

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t offset) {
    ready();
    int file = ours(fd);
    return file < 0 ? real_pwrite(fd, data, count, offset) : write_at(file, fd, data, count, offset);
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t offset) { return pwrite64(fd, data, count, offset); }

ssize_t write(int fd, const void *data, size_t count) {
    ready();
    int file = ours(fd);
    if (file < 0) return real_write(fd, data, count);
    ssize_t written = write_at(file, fd, data, count, lseek(fd, 0, SEEK_CUR));
    if (written > 0) lseek(fd, written, SEEK_CUR);
    return written;
}

int ftruncate64(int fd, off64_t size) {
    ready();
    int file = ours(fd);
    if (file < 0) return real_ftruncate(fd, size);
    pthread_mutex_lock(&lock);
    keep(file, fd, TRUNCATE, size, 0);
    int result = real_ftruncate(fd, size), error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

static int synced(int fd, int (*real)(int)) {
    int file = ours(fd);
    if (file < 0) return real(fd);
    pthread_mutex_lock(&lock);
    if (control) control[SYNCS]++;
    int result = 0, error = errno;
    switch (number(SYNC, HONEST)) {
    case LIES:
        break;
    case FAILS:
        result = -1;
        error = EIO;
        break;
    default:
        result = real(fd);
        error = errno;
        if (!result && real_ftruncate(undo_log(file), 0)) abort();
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int fsync(int fd) {
    ready();
    return synced(fd, real_fsync);
}

int fdatasync(int fd) {
    ready();
    return synced(fd, real_fdatasync);
}

// A descriptor's number is used again for another file.
static int opened(int fd) {
    if (fd >= 0 && fd < MOST) known[fd] = 0;
    return fd;
}

int open64(const char *path, int flags, ...) {
    ready();
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return opened(real_open(path, flags, mode));
}

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open64(path, flags, mode);
}

int close(int fd) {
    ready();
    opened(fd);
    return real_close(fd);
}

// What is deleted stays deleted: there is nothing of it to undo.
int unlink(const char *path) {
    ready();
    int file = file_of(path);
    pthread_mutex_lock(&lock);
    if (file >= 0 && real_ftruncate(undo_log(file), 0)) abort();
    int result = real_unlink(path), error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

// What the clock says, in nanoseconds.
static int64_t said(int64_t truly) {
    int64_t stands = number(STANDS_AT, 0);
    return stands ? stands : truly + number(CLOCK_AHEAD, 0);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    ready();
    int result = real_clock_gettime(clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t now = said(time->tv_sec * INT64_C(1000000000) + time->tv_nsec);
        time->tv_sec = now / 1000000000;
        time->tv_nsec = now % 1000000000;
    }
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    ready();
    int result = real_gettimeofday(time, zone);
    if (result == 0) {
        int64_t now = said(time->tv_sec * INT64_C(1000000000) + time->tv_usec * INT64_C(1000)) / 1000;
        time->tv_sec = now / 1000000;
        time->tv_usec = now % 1000000;
    }
    return result;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}
