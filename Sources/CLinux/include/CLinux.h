// What Linux offers and Swift's Glibc module does not show, or shows with errno beside the result.
//
// Always: (1) header only, every name begins with clinux_; (2) a system call returns what the kernel returns,
// a result or -errno, so no Swift code ever reads errno; (3) descriptors are born non-blocking and close-on-exec;
// (4) nothing here retries or decides: EINTR on close must not be repeated, and what a code means is Swift's business.

#ifndef CLINUX_H
#define CLINUX_H

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>

// _GNU_SOURCE would bring this, and also change types that Swift's Glibc module has seen without it: the two modules
// would then contradict each other. The prototype alone does not.
extern int accept4(int listener, struct sockaddr *address, socklen_t *length, int flags);
extern long syscall(long number, ...);

#define CLINUX_RESULT(call) ({ __typeof__(call) clinux_value = (call); clinux_value < 0 ? -errno : clinux_value; })

// One address of either family in host byte order. IPv4 is kept mapped (::ffff:a.b.c.d, RFC 4291, 2.5.5.2).
typedef struct {
    uint64_t high;
    uint64_t low;
    uint16_t port;
    uint8_t is_ipv4;
} clinux_address;

#define CLINUX_MAPPED_PREFIX 0x0000ffff00000000ULL

// --- clock

static inline uint64_t clinux_monotonic_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000ULL + (uint64_t)time.tv_nsec;
}

// --- epoll and eventfd (absent from the Glibc module)

static inline int clinux_epoll_create(void) { return CLINUX_RESULT(epoll_create1(EPOLL_CLOEXEC)); }

static inline int clinux_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return CLINUX_RESULT(epoll_ctl(epoll, operation, fd, &event));
}

static inline int clinux_epoll_wait(int epoll, struct epoll_event *events, int count, int timeout_ms) {
    return CLINUX_RESULT(epoll_wait(epoll, events, count, timeout_ms));
}

// epoll_event is packed on some machines and holds a union: Swift reads it through these two.
static inline uint32_t clinux_event_bits(const struct epoll_event *events, int index) { return events[index].events; }
static inline uint64_t clinux_event_token(const struct epoll_event *events, int index) { return events[index].data.u64; }

// The constants are enum cases and macros in turn, and EPOLLET has the sign bit: Swift sees them as plain numbers.
static const uint32_t clinux_epollin = EPOLLIN;
static const uint32_t clinux_epollout = EPOLLOUT;
static const uint32_t clinux_epollrdhup = EPOLLRDHUP;
static const uint32_t clinux_epollerr = EPOLLERR;
static const uint32_t clinux_epollhup = EPOLLHUP;
static const uint32_t clinux_epollet = (uint32_t)EPOLLET;
static const uint32_t clinux_epollexclusive = (uint32_t)EPOLLEXCLUSIVE;
static const int clinux_epoll_add = EPOLL_CTL_ADD;
static const int clinux_epoll_modify = EPOLL_CTL_MOD;
static const int clinux_epoll_delete = EPOLL_CTL_DEL;

static inline int clinux_eventfd(void) { return CLINUX_RESULT(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

static inline int clinux_eventfd_add(int fd) {
    uint64_t one = 1;
    return (int)CLINUX_RESULT(write(fd, &one, sizeof one));
}

// --- sockets

static inline void clinux_address_from(const struct sockaddr_storage *from, clinux_address *to) {
    memset(to, 0, sizeof *to);
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
        to->low = CLINUX_MAPPED_PREFIX | ntohl(v4->sin_addr.s_addr);
        to->port = ntohs(v4->sin_port);
        to->is_ipv4 = 1;
    } else if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
        uint64_t parts[2];
        memcpy(parts, &v6->sin6_addr, sizeof parts);
        to->high = be64toh(parts[0]);
        to->low = be64toh(parts[1]);
        to->port = ntohs(v6->sin6_port);
    }
}

static inline socklen_t clinux_address_to(const clinux_address *from, struct sockaddr_storage *to) {
    memset(to, 0, sizeof *to);
    if (from->is_ipv4) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)to;
        v4->sin_family = AF_INET;
        v4->sin_addr.s_addr = htonl((uint32_t)from->low);
        v4->sin_port = htons(from->port);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;
    uint64_t parts[2] = {htobe64(from->high), htobe64(from->low)};
    v6->sin6_family = AF_INET6;
    memcpy(&v6->sin6_addr, parts, sizeof parts);
    v6->sin6_port = htons(from->port);
    return sizeof *v6;
}

// A listener for both families has IPv4 clients under mapped addresses: to us they are IPv4 like any others, or all of them
// would share the limits of one IPv6 network.
static inline void clinux_unmap(clinux_address *address) {
    if (address->high == 0 && address->low >> 32 == CLINUX_MAPPED_PREFIX >> 32) address->is_ipv4 = 1;
}

static inline int clinux_set(int fd, int level, int option, int value) {
    return CLINUX_RESULT(setsockopt(fd, level, option, &value, sizeof value));
}

static inline int clinux_get(int fd, int level, int option) {
    int value = 0;
    socklen_t length = sizeof value;
    int result = getsockopt(fd, level, option, &value, &length);
    return result < 0 ? -errno : value;
}

static inline int clinux_set_no_delay(int fd) { return clinux_set(fd, IPPROTO_TCP, TCP_NODELAY, 1); }
static inline int clinux_get_no_delay(int fd) { return clinux_get(fd, IPPROTO_TCP, TCP_NODELAY); }
static inline int clinux_is_listening(int fd) { return clinux_get(fd, SOL_SOCKET, SO_ACCEPTCONN); }

// Close will send a reset and keep nothing.
static inline int clinux_set_linger_zero(int fd) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return CLINUX_RESULT(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

static inline int clinux_set_non_blocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    return CLINUX_RESULT(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

// IPV6_V6ONLY, so that 0.0.0.0 and [::] can be listened on side by side, each with its own rights.
static inline int clinux_prepare_listener(int fd, const clinux_address *address, int reuse_port) {
    struct sockaddr_storage storage;
    socklen_t length = clinux_address_to(address, &storage);
    int result = clinux_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (result == 0 && reuse_port) result = clinux_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (result == 0 && !address->is_ipv4) result = clinux_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (result == 0) result = clinux_set_no_delay(fd);  // accepted sockets inherit it: no call per connection
    if (result == 0) result = CLINUX_RESULT(bind(fd, (struct sockaddr *)&storage, length));
    return result;
}

static inline int clinux_listen(const clinux_address *address, int backlog, int reuse_port) {
    int family = address->is_ipv4 ? AF_INET : AF_INET6;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int result = clinux_prepare_listener(fd, address, reuse_port);
    if (result == 0) result = CLINUX_RESULT(listen(fd, backlog));
    if (result == 0) return fd;
    close(fd);
    return result;
}

static inline int clinux_accept(int listener, clinux_address *peer) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    memset(&storage, 0, sizeof storage);
    int fd = accept4(listener, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return -errno;
    clinux_address_from(&storage, peer);
    clinux_unmap(peer);
    return fd;
}

// Another descriptor of the same socket.
static inline int clinux_duplicate(int fd) { return CLINUX_RESULT(fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

// Where a socket is bound; -EAFNOSUPPORT unless it is IPv4 or IPv6.
static inline int clinux_local_address(int fd, clinux_address *address) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    memset(&storage, 0, sizeof storage);
    if (getsockname(fd, (struct sockaddr *)&storage, &length) < 0) return -errno;
    if (storage.ss_family != AF_INET && storage.ss_family != AF_INET6) return -EAFNOSUPPORT;
    clinux_address_from(&storage, address);
    return 0;
}

// Connections that may wait at a listening TCP socket: where Linux keeps it in tcp_info (net/ipv4/tcp.c, tcp_get_info).
static inline int clinux_backlog(int fd) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    memset(&info, 0, sizeof info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) return -errno;
    return (int)info.tcpi_sacked;
}

// Begins to connect: the socket turns writable when that is decided, and the first send or recv tells how.
static inline int clinux_connect(const clinux_address *address) {
    struct sockaddr_storage storage;
    socklen_t length = clinux_address_to(address, &storage);
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int result = clinux_set_no_delay(fd);
    if (result == 0) result = CLINUX_RESULT(connect(fd, (struct sockaddr *)&storage, length));
    if (result == 0 || result == -EINPROGRESS) return fd;
    close(fd);
    return result;
}

// The first address of a name; waits for the resolver, so no loop may ask.
static inline int clinux_resolve(const char *name, clinux_address *address) {
    struct addrinfo hints, *found = NULL;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(name, NULL, &hints, &found) != 0 || found == NULL) return -ENOENT;
    struct sockaddr_storage storage;
    memset(&storage, 0, sizeof storage);
    memcpy(&storage, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    clinux_address_from(&storage, address);
    return 0;
}

static inline int clinux_local_port(int fd) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    clinux_address address;
    if (getsockname(fd, (struct sockaddr *)&storage, &length) < 0) return -errno;
    clinux_address_from(&storage, &address);
    return address.port;
}

static inline long clinux_receive(int fd, void *buffer, size_t count) {
    return CLINUX_RESULT(recv(fd, buffer, count, 0));
}

// MSG_NOSIGNAL: a dead peer is an error code, never a signal.
static inline long clinux_send(int fd, const void *buffer, size_t count) {
    return CLINUX_RESULT(send(fd, buffer, count, MSG_NOSIGNAL));
}

static inline int clinux_shutdown_write(int fd) { return CLINUX_RESULT(shutdown(fd, SHUT_WR)); }
static inline int clinux_close(int fd) { return CLINUX_RESULT(close(fd)); }

// --- addresses as text

static inline int clinux_parse_address(const char *text, clinux_address *address) {
    struct sockaddr_storage storage;
    memset(&storage, 0, sizeof storage);
    storage.ss_family = AF_INET;
    if (inet_pton(AF_INET, text, &((struct sockaddr_in *)&storage)->sin_addr) != 1) {
        storage.ss_family = AF_INET6;
        if (inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&storage)->sin6_addr) != 1) return -EINVAL;
    }
    clinux_address_from(&storage, address);
    return 0;
}

// `text` holds INET6_ADDRSTRLEN (46) bytes.
static inline void clinux_format_address(const clinux_address *address, char *text) {
    struct sockaddr_storage storage;
    clinux_address_to(address, &storage);
    const void *bytes = address->is_ipv4 ? (const void *)&((struct sockaddr_in *)&storage)->sin_addr
                                         : (const void *)&((struct sockaddr_in6 *)&storage)->sin6_addr;
    text[0] = 0;
    inet_ntop(storage.ss_family, bytes, text, 46);
}

// --- process and threads

static inline int clinux_ignore_broken_pipe(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_IGN;
    return CLINUX_RESULT(sigaction(SIGPIPE, &action, NULL));
}

// --- heap (mallopt(3))

static inline void clinux_keep_heaps(int mapped_from, int trimmed_from) {
    mallopt(M_MMAP_THRESHOLD, mapped_from);
    mallopt(M_TRIM_THRESHOLD, trimmed_from);
}

static inline void clinux_grow_heap(size_t bytes) {
    // Volatile: a compiler may take out a block that nobody uses.
    void *volatile block = malloc(bytes);
    free(block);
}

// Soft limit of open descriptors to the hard one; both are written.
static inline int clinux_raise_descriptor_limit(uint64_t *soft, uint64_t *hard) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    int result = 0;
    // Not asked for in vain: a service's system call filter may forbid it, since systemd sets the limit (LimitNOFILE=).
    if (limit.rlim_cur != limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        result = CLINUX_RESULT(setrlimit(RLIMIT_NOFILE, &limit));
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return result;
}

static inline int clinux_set_descriptor_limit(uint64_t soft) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    limit.rlim_cur = soft;
    return CLINUX_RESULT(setrlimit(RLIMIT_NOFILE, &limit));
}

// Cores this process may run on, which in a container are fewer than the machine has.
static inline int clinux_available_cores(void) {
    uint64_t cores[128] = {0};  // 8,192 cores, the most Linux is built for
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof cores, cores);
    if (bytes < 0) return -errno;
    int count = 0;
    for (size_t i = 0; i < sizeof cores / sizeof *cores; i++) count += __builtin_popcountll(cores[i]);
    return count;
}

// `name` holds 65 bytes: HOST_NAME_MAX and the end.
static inline int clinux_host_name(char *name) {
    name[64] = 0;
    return CLINUX_RESULT(gethostname(name, 64));
}

// Linux keeps the first 15 bytes of a thread's name.
static inline void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

// --- signals

static inline void clinux_watched_signals(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

// Blocks TERM, INT and HUP in the calling thread and gives a descriptor on which they arrive instead.
static inline int clinux_signal_descriptor(void) {
    sigset_t set;
    clinux_watched_signals(&set);
    int result = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (result != 0) return -result;
    return CLINUX_RESULT(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

// The next signal's number, or -errno (-EAGAIN: none waits).
static inline int clinux_next_signal(int fd) {
    struct signalfd_siginfo info;
    ssize_t count = read(fd, &info, sizeof info);
    return count < 0 ? -errno : (int)info.ssi_signo;
}

#endif
