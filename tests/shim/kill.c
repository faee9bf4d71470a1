// A library for LD_PRELOAD that kills its own process at a chosen place of what it does, as `kill -9` would, so that a test
// need not wait until chance finds that place.
//
// KILL_FILE names a database of SQLite, KILL_CONTROL a file of two numbers (int64, this machine's order) that is mapped, so
// that a test chooses while the program runs: the place, see below, and the how manieth time it comes by there.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum place {
    NOWHERE,
    // The log of SQLite: half of a piece is written; all is, and the disk is not yet waited for; it is.
    LOG_HALF_WRITTEN,
    LOG_WRITTEN,
    LOG_KEPT,
    // The same of the database, when the log is copied into it.
    COPY_HALF_WRITTEN,
    COPY_WRITTEN,
    COPY_KEPT,
    // A turn, which is one statement of PostgreSQL: it is about to be sent; it is; the answer is there.
    TURN_NOT_SENT,
    TURN_SENT,
    TURN_ANSWERED,
    // A call: it is about to go out; it has; its answer is there, and nobody has looked at it.
    CALL_NOT_SENT,
    CALL_SENT,
    CALL_ANSWERED,
    // What a sender is told of an event: it is about to be said; it is.
    ANSWER_NOT_SENT,
    ANSWER_SENT,
};

static const char *database;
static volatile int64_t *control;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static ssize_t (*real_send)(int, const void *, size_t, int);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_recv)(int, void *, size_t, int);

static void begin(void) {
    *(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    *(void **)&real_fsync = dlsym(RTLD_NEXT, "fsync");
    *(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    *(void **)&real_send = dlsym(RTLD_NEXT, "send");
    *(void **)&real_writev = dlsym(RTLD_NEXT, "writev");
    *(void **)&real_recv = dlsym(RTLD_NEXT, "recv");
    database = getenv("KILL_FILE");
    const char *path = getenv("KILL_CONTROL");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd >= 0) {
        void *map = mmap(NULL, 2 * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        control = map == MAP_FAILED ? NULL : map;
        close(fd);
    }
    // A test that meant to kill and cannot must not pass.
    if (!control) abort();
}

// Whether that is the place, and this the time.
static int is_time(enum place place) {
    pthread_once(&once, begin);
    return control[0] == place && __atomic_sub_fetch(&control[1], 1, __ATOMIC_SEQ_CST) == 0;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static void at(enum place place) {
    if (is_time(place)) die();
}

// Which of the places of a file this descriptor has, of the log's or of the database's; NOWHERE if it is neither.
static enum place of_file(int fd, enum place log, enum place copy) {
    pthread_once(&once, begin);
    if (!database || (control[0] != log && control[0] != copy)) return NOWHERE;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    size_t own = strlen(database);
    if (strncmp(path, database, own)) return NOWHERE;
    return !path[own] ? copy : !strcmp(path + own, "-wal") ? log : NOWHERE;
}

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t offset) {
    enum place place = of_file(fd, LOG_HALF_WRITTEN, COPY_HALF_WRITTEN);
    if (place && is_time(place)) {
        real_pwrite(fd, data, count / 2, offset);
        die();
    }
    return real_pwrite(fd, data, count, offset);
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t offset) { return pwrite64(fd, data, count, offset); }

static int synced(int fd, int (*real)(int)) {
    enum place written = of_file(fd, LOG_WRITTEN, COPY_WRITTEN), kept = of_file(fd, LOG_KEPT, COPY_KEPT);
    if (written) at(written);
    int result = real(fd);
    if (kept) at(kept);
    return result;
}

int fsync(int fd) {
    pthread_once(&once, begin);
    return synced(fd, real_fsync);
}

int fdatasync(int fd) {
    pthread_once(&once, begin);
    return synced(fd, real_fdatasync);
}

static int begins(const void *data, size_t length, const char *with) {
    size_t wanted = strlen(with);
    return length >= wanted && !memcmp(data, with, wanted);
}

// What the statement that writes a turn writes, and no other does.
#define TURN "INSERT INTO history"

// The name that it was prepared under on a connection, and whether its answer is awaited there.
#define MOST 4096
static char prepared[MOST][32];
static unsigned char awaited[MOST];

// Whether that is a turn of PostgreSQL. What is prepared comes as P, four bytes of length, its name, its text; what is run
// as B, four bytes of length, the name of a portal, which is empty, and that of what was prepared (PostgreSQL 15, chapter 55.7).
static int is_turn(int fd, const char *data, size_t length) {
    if (fd < 0 || fd >= MOST || length < 8) return 0;
    if (data[0] == 'P' && memmem(data, length, TURN, strlen(TURN))) snprintf(prepared[fd], sizeof prepared[fd], "%s", data + 5);
    return data[0] == 'B' && !data[5] && prepared[fd][0] && !strncmp(data + 6, prepared[fd], length - 6);
}

// The place before something goes out; the one after it is the next.
static enum place going(int fd, const void *data, size_t length) {
    if (begins(data, length, "GET /ask") || begins(data, length, "POST /tell")) return CALL_NOT_SENT;
    if (begins(data, length, "HTTP/1.1 202")) return ANSWER_NOT_SENT;
    if (!is_turn(fd, data, length)) return NOWHERE;
    awaited[fd] = 1;
    return TURN_NOT_SENT;
}

ssize_t send(int fd, const void *data, size_t length, int flags) {
    enum place place = going(fd, data, length);
    if (place) at(place);
    pthread_once(&once, begin);
    ssize_t sent = real_send(fd, data, length, flags);
    if (place && sent == (ssize_t)length) at(place + 1);
    return sent;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    enum place place = count > 0 ? going(fd, parts[0].iov_base, parts[0].iov_len) : NOWHERE;
    if (place) at(place);
    pthread_once(&once, begin);
    ssize_t sent = real_writev(fd, parts, count);
    if (place && sent > 0) at(place + 1);
    return sent;
}

ssize_t recv(int fd, void *data, size_t length, int flags) {
    pthread_once(&once, begin);
    ssize_t got = real_recv(fd, data, length, flags);
    if (got > 0 && begins(data, got, "HTTP/1.1 ")) at(CALL_ANSWERED);
    if (got > 0 && fd < MOST && awaited[fd]) {
        awaited[fd] = 0;
        at(TURN_ANSWERED);
    }
    return got;
}
