/*
 * Many hostile connections from many addresses, with little processor time of its own: bench/registry/attack.ts compiles and
 * starts it. Prints `ready` when as many connections have been made or 5 s have passed, and goes on until it is killed.
 *
 * Usage: attacker HOST PORT CONNECTIONS SOURCE SOURCES FIRST REPEAT OPTIONS EVERY PACE
 *
 *   SOURCE SOURCES  the first local address, and how many from there on are used in turn
 *   FIRST REPEAT    files: what each connection says first, and then for ever; `%d` becomes a number that is never used twice
 *   OPTIONS         letters: r reads answers, c closes after the first one, o closes at once, - none
 *   EVERY           pause in ms between repetitions; 0 for as fast as the other side takes them
 *   PACE            most new connections a second
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

enum { CHUNK = 65536, BATCH = 16, RECONNECT_MS = 10 };
enum state { IDLE, CONNECTING, OPEN };

struct text {
  char *bytes;
  size_t length;
};

struct connection {
  int fd;
  enum state state;
  int64_t due;   /* when it may connect, or repeat */
  size_t sent;   /* of `saying` */
  struct text saying;
  int said_first;
};

static struct connection *all;
static int count, sources, epoll, reads, closes, at_once, every, pace;
static long numbers, made;
static struct text first, repeat;
static struct sockaddr_storage target, source;
static int64_t pacing;

static int64_t now_ms(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1000LL + at.tv_nsec / 1000000;
}

static struct text read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  struct text text = {malloc(1 << 20), 0};
  if (!file || !text.bytes) { perror(path); exit(1); }
  text.length = fread(text.bytes, 1, (1 << 20) - 1, file);
  text.bytes[text.length] = 0;
  fclose(file);
  return text;
}

static void parse(struct sockaddr_storage *to, const char *host, int port) {
  struct sockaddr_in *four = (struct sockaddr_in *)to;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;
  memset(to, 0, sizeof *to);
  if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
  } else if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
  } else {
    fprintf(stderr, "no address: %s\n", host);
    exit(1);
  }
}

/* The local address of a connection: the first one plus its number. */
static struct sockaddr_storage source_of(int index) {
  struct sockaddr_storage from = source;
  uint32_t low, offset = index % sources;
  if (from.ss_family == AF_INET) {
    struct sockaddr_in *four = (struct sockaddr_in *)&from;
    four->sin_addr.s_addr = htonl(ntohl(four->sin_addr.s_addr) + offset);
  } else {
    uint8_t *end = ((struct sockaddr_in6 *)&from)->sin6_addr.s6_addr + 12;
    memcpy(&low, end, 4);
    low = htonl(ntohl(low) + offset);
    memcpy(end, &low, 4);
  }
  return from;
}

static socklen_t size_of(const struct sockaddr_storage *address) {
  return address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static void drop(struct connection *one, int64_t now) {
  if (one->fd >= 0) close(one->fd);
  if (one->saying.bytes != first.bytes && one->saying.bytes != repeat.bytes) free(one->saying.bytes);
  one->saying = (struct text){0, 0};
  one->fd = -1;
  one->state = IDLE;
  one->due = now + RECONNECT_MS;
}

/* A text with a number for its `%d`. */
static struct text numbered(struct text text) {
  char *at = strstr(text.bytes, "%d");
  if (!at) return text;
  struct text made = {malloc(text.length + 32), 0};
  size_t before = at - text.bytes;
  memcpy(made.bytes, text.bytes, before);
  made.length = before + sprintf(made.bytes + before, "%ld", numbers++);
  memcpy(made.bytes + made.length, at + 2, text.length - before - 2);
  made.length += text.length - before - 2;
  return made;
}

static void watch(struct connection *one, int writing) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | (writing ? EPOLLOUT : 0), .data.ptr = one};
  if (!reads && !closes) event.events &= ~EPOLLIN;
  if (epoll_ctl(epoll, EPOLL_CTL_MOD, one->fd, &event) < 0) epoll_ctl(epoll, EPOLL_CTL_ADD, one->fd, &event);
}

static void begin(struct connection *one, int64_t now) {
  struct sockaddr_storage from = source_of(one - all);
  int yes = 1;
  one->fd = socket(from.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (one->fd < 0) { one->due = now + 100; return; }
  setsockopt(one->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (closes || at_once) {
    /* A reset leaves no port in TIME_WAIT. */
    struct linger reset = {1, 0};
    setsockopt(one->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  if (bind(one->fd, (struct sockaddr *)&from, size_of(&from)) < 0 ||
      (connect(one->fd, (struct sockaddr *)&target, size_of(&target)) < 0 && errno != EINPROGRESS)) {
    drop(one, now);
    return;
  }
  one->state = CONNECTING;
  one->said_first = 0;
  watch(one, 1);
}

/* Says what is due, as far as the other side takes it. */
static void speak(struct connection *one, int64_t now) {
  for (int batch = 0; batch < BATCH; batch++) {
    if (!one->saying.bytes) {
      if (!one->said_first && first.length > 0) one->saying = numbered(first);
      else if (repeat.length > 0 && !closes && now >= one->due) one->saying = numbered(repeat);
      else { watch(one, 0); return; }
      one->sent = 0;
    }
    ssize_t sent = send(one->fd, one->saying.bytes + one->sent, one->saying.length - one->sent, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN) watch(one, 1);
      else drop(one, now);
      return;
    }
    one->sent += sent;
    if (one->sent < one->saying.length) continue;
    if (one->saying.bytes != first.bytes && one->saying.bytes != repeat.bytes) free(one->saying.bytes);
    one->saying = (struct text){0, 0};
    one->said_first = 1;
    one->due = now + every;
  }
  watch(one, 1);
}

static void handle(struct connection *one, uint32_t events, int64_t now) {
  static char buffer[CHUNK];
  if (one->fd < 0) return;
  if (one->state == CONNECTING) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(one->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (!error) made++;
    if (error || at_once) { drop(one, now); return; }
    one->state = OPEN;
    one->due = now + (every ? rand() % every : 0);
  }
  if (events & EPOLLIN) {
    ssize_t got = recv(one->fd, buffer, sizeof buffer, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN) || (got > 0 && closes)) { drop(one, now); return; }
  } else if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) {
    drop(one, now);
    return;
  }
  if (events & EPOLLOUT) speak(one, now);
}

int main(int argc, char **argv) {
  if (argc != 11) return 2;
  signal(SIGPIPE, SIG_IGN);
  /* Never at the priority of those whom it attacks, if they have a higher one. */
  struct sched_param ordinary = {0};
  sched_setscheduler(0, SCHED_OTHER, &ordinary);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  parse(&target, argv[1], atoi(argv[2]));
  count = atoi(argv[3]);
  parse(&source, argv[4], 0);
  sources = atoi(argv[5]);
  first = read_file(argv[6]);
  repeat = read_file(argv[7]);
  reads = strchr(argv[8], 'r') != 0;
  closes = strchr(argv[8], 'c') != 0;
  at_once = strchr(argv[8], 'o') != 0;
  every = atoi(argv[9]);
  pace = atoi(argv[10]);
  all = calloc(count, sizeof *all);
  epoll = epoll_create1(0);
  int64_t started = now_ms();
  for (int index = 0; index < count; index++) all[index].fd = -1;
  int ready = 0, next = 0;
  struct epoll_event events[256];
  pacing = started * 1000;
  for (;;) {
    int got = epoll_wait(epoll, events, 256, 5);
    int64_t now = now_ms();
    for (int index = 0; index < got; index++) handle(events[index].data.ptr, events[index].events, now);
    if (pacing < (now - 100) * 1000) pacing = (now - 100) * 1000;
    for (int turn = 0; turn < count; turn++) {
      struct connection *one = &all[(next + turn) % count];
      if (one->state == IDLE && now >= one->due && pacing <= now * 1000) {
        pacing += 1000000 / pace;
        begin(one, now);
      } else if (one->state == OPEN) {
        if (every && !one->saying.bytes && now >= one->due) speak(one, now);
      }
    }
    next = (next + 1) % count;
    if (!ready && (made >= count || now > started + 5000)) {
      ready = 1;
      printf("ready\n");
      fflush(stdout);
    }
  }
}
