/*
 * Load on a registry, or on any server of lines or of RESP, from many addresses of the loopback network.
 *
 *   load ask sala|resp PORT CONNECTIONS SECONDS INTERVAL_MS   looks names up; 0 ms: the next as soon as a reply is there
 *   load hold PORT PHONES WINDOW     phones that join, WINDOW at a time, and stay until standard input ends
 *   load churn PORT TIMES PAUSE_MS   one person after the other joins and leaves
 *
 * Each line of its output is a JSON object. In C, since a load generator in the server's language would be what is measured.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REPLY_BYTES 512
#define EVENTS 256
/* Pauses of Sala's phones (lib/registration/backoff.ts), in milliseconds. */
#define SHORTEST_MS 250
#define FIRST_CEILING_MS 500
#define CEILING_MS 5000
#define REFUSED_CEILING_MS 1250

enum state { IDLE, CONNECTING, JOINING, IN, LEAVING };

struct client {
  int fd;
  int number;
  enum state state;
  int attempts;
  int length; /* of what has come of the next line */
  double since; /* start of the request or of joining */
  double at; /* next action */
  char reply[REPLY_BYTES];
};

static int epoll;
static int port;
static int resp;
static double *took;
static size_t took_count, took_room;

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void note(double seconds) {
  if (took_count == took_room) {
    took_room = took_room ? 2 * took_room : 1 << 20;
    took = realloc(took, took_room * sizeof *took);
    if (!took) fail("realloc");
  }
  took[took_count++] = seconds;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Sorts what was noted; then part 0 to 1 of it, in milliseconds. */
static double quantile(double part) {
  return took_count ? 1000 * took[(size_t)(part * (took_count - 1))] : -1;
}

static void report(const char *event, double seconds) {
  qsort(took, took_count, sizeof *took, by_size);
  printf("{\"event\":\"%s\",\"seconds\":%.4f,\"count\":%zu,\"p50\":%.4f,\"p95\":%.4f,\"p99\":%.4f,\"max\":%.4f}\n",
         event, seconds, took_count, quantile(0.5), quantile(0.95), quantile(0.99), quantile(1));
  fflush(stdout);
  took_count = 0;
}

static void say(struct client *c, const char *text, int length) {
  /* A request is small, and the one before is answered: it always fits the socket's buffer. */
  if (send(c->fd, text, length, MSG_NOSIGNAL) != length && errno != EPIPE && errno != ECONNRESET) fail("send");
}

static void join(struct client *c) {
  char text[256];
  int length = resp
    ? snprintf(text, sizeof text, "*3\r\n$3\r\nSET\r\n$12\r\npessoa %05d\r\n$54\r\n{\"nome\":\"pessoa %05d\",\"ip\":\"127.0.0.1\",\"porta\":%05d}\r\n",
               c->number, c->number, 10000 + c->number % 50000)
    : snprintf(text, sizeof text, "{\"tipo\":\"registro\",\"nome\":\"pessoa %05d\",\"ip\":\"127.0.0.1\",\"porta\":%d}\n",
               c->number, 10000 + c->number % 50000);
  c->state = JOINING;
  say(c, text, length);
}

static void ask(struct client *c, int number) {
  char text[128];
  int length = resp ? snprintf(text, sizeof text, "*2\r\n$3\r\nGET\r\n$12\r\npessoa %05d\r\n", number)
                    : snprintf(text, sizeof text, "{\"tipo\":\"consulta\",\"nome\":\"pessoa %05d\"}\n", number);
  say(c, text, length);
}

static void leave(struct client *c) {
  char text[128];
  c->state = LEAVING;
  say(c, text, snprintf(text, sizeof text, "{\"tipo\":\"fechamento\",\"nome\":\"pessoa %05d\"}\n", c->number));
}

/* Connects from an address of its own: 127.1.0.1 and so on. */
static void start(struct client *c) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) fail("socket");
  int yes = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  struct sockaddr_in own = {.sin_family = AF_INET};
  own.sin_addr.s_addr = htonl(0x7f010000u + (uint32_t)(c->number / 250) * 256 + (uint32_t)(c->number % 250) + 1);
  if (bind(c->fd, (struct sockaddr *)&own, sizeof own) < 0) fail("bind");
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) fail("connect");
  struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) < 0) fail("epoll_ctl");
  c->state = CONNECTING;
  c->length = 0;
}

static void stop(struct client *c) {
  close(c->fd);
  c->fd = -1;
  c->state = IDLE;
}

/* Finishes connecting. Returns 0 if that failed. */
static int connected(struct client *c) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) return 0;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
  return 1;
}

/* Reads. Returns 1 for a whole reply, 0 for none yet or a ping (which it answers), -1 for the end. */
static int reply(struct client *c) {
  ssize_t count = recv(c->fd, c->reply + c->length, REPLY_BYTES - 1 - c->length, 0);
  if (count < 0 && errno == EAGAIN) return 0;
  if (count <= 0) return -1;
  c->length += count;
  c->reply[c->length] = 0;
  if (resp) {
    /* The reply to SET is one line, that to GET the length and the value. */
    if (c->reply[0] == '$' ? c->length < 61 : c->length < 5) return 0;
    c->length = 0;
    return 1;
  }
  int whole = 0;
  char *line = c->reply, *end;
  while ((end = strchr(line, '\n'))) {
    if (!strncmp(line, "{\"tipo\":\"ping\"", 14)) say(c, "{\"tipo\":\"pong\"}\n", 16);
    else if (strstr(line, "\"erro\"") && strstr(line, "\"erro\"") < end) { fprintf(stderr, "refused: %s", line); exit(1); }
    else whole = 1;
    line = end + 1;
  }
  c->length -= line - c->reply;
  memmove(c->reply, line, c->length);
  return whole;
}

static struct client *clients(int count) {
  struct client *all = calloc(count, sizeof *all);
  if (!all) fail("calloc");
  for (int i = 0; i < count; i++) all[i].fd = -1, all[i].number = i;
  return all;
}

static int run_ask(int count, double seconds, double interval) {
  struct client *all = clients(count);
  /* Names of its own, so that phones of `hold` may be there too. */
  for (int i = 0; i < count; i++) all[i].number += 90000, start(&all[i]);
  int in = 0;
  double began = 0, end = 0;
  struct epoll_event events[EVENTS];
  for (;;) {
    double now = now_s();
    if (end && now >= end) break;
    double wait = interval > 0 ? 0.001 : 1;
    int ready = epoll_wait(epoll, events, EVENTS, end ? (int)(1000 * wait) : 1000);
    for (int i = 0; i < ready; i++) {
      struct client *c = events[i].data.ptr;
      if (c->state == CONNECTING) {
        if (!connected(c)) fail("connect");
        join(c);
        continue;
      }
      int whole = reply(c);
      if (whole < 0) { fprintf(stderr, "the server closed a connection\n"); return 1; }
      if (!whole) continue;
      now = now_s();
      if (c->state == JOINING) {
        c->state = IN;
        if (++in < count) continue;
        began = now, end = now + seconds;
        for (int j = 0; j < count; j++) {
          all[j].at = all[j].since = now + interval * j / count;
          if (interval == 0) ask(&all[j], 90000 + rand() % count);
        }
      } else {
        note(now - c->since);
        if (interval == 0) {
          c->since = now;
          ask(c, 90000 + rand() % count);
        } else {
          c->at = c->since + interval > now ? c->since + interval : now;
          c->state = IN;
        }
      }
    }
    if (end && interval > 0) {
      now = now_s();
      for (int j = 0; j < count; j++) {
        if (all[j].state != IN || all[j].at > now) continue;
        all[j].state = LEAVING; /* has asked */
        all[j].since = now;
        ask(&all[j], 90000 + rand() % count);
      }
    }
  }
  report("asked", now_s() - began);
  return 0;
}

static double backoff(struct client *c, double ceiling) {
  double most = FIRST_CEILING_MS * (double)(1 << (c->attempts < 10 ? c->attempts : 10));
  c->attempts++;
  if (most > ceiling) most = ceiling;
  return (SHORTEST_MS + rand() / (RAND_MAX + 1.0) * (most - SHORTEST_MS)) / 1000;
}

static int run_hold(int count, int window) {
  struct client *all = clients(count);
  struct epoll_event events[EVENTS];
  struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL};
  /* Not pollable where it is a file: then it stays until it is killed. */
  epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input);
  int in = 0, next = 0, joining = 0, first = 1;
  double began = now_s();
  for (;;) {
    double now = now_s();
    if (first) {
      while (next < count && joining < window) {
        all[next].since = now_s();
        start(&all[next++]);
        joining++;
      }
    } else {
      for (int i = 0; i < count; i++) {
        if (all[i].state == IDLE && all[i].at <= now) start(&all[i]);
      }
    }
    int ready = epoll_wait(epoll, events, EVENTS, first || in == count ? 1000 : 1);
    for (int i = 0; i < ready; i++) {
      struct client *c = events[i].data.ptr;
      if (!c) {
        char byte[64];
        if (read(STDIN_FILENO, byte, sizeof byte) <= 0) return 0;
        continue;
      }
      now = now_s();
      if (c->state == CONNECTING) {
        if (connected(c)) {
          /* The first that gets through finds the registry listening again. */
          if (!first && began == 0) began = now;
          join(c);
        } else {
          if (first) fail("connect");
          stop(c);
          c->at = now + backoff(c, REFUSED_CEILING_MS);
        }
        continue;
      }
      int whole = reply(c);
      if (whole < 0) {
        if (c->state == IN) in--;
        if (first) { fprintf(stderr, "the server closed a connection\n"); return 1; }
        if (in == 0) began = 0;
        stop(c);
        c->attempts = 0;
        c->at = now + backoff(c, CEILING_MS);
      } else if (whole && c->state == JOINING) {
        c->state = IN;
        joining--;
        note(first ? now - c->since : now - began);
        if (++in == count) {
          report(first ? "in" : "back", now - began);
          first = 0;
        }
      }
    }
  }
}

static int run_churn(int times, double pause) {
  struct client *c = clients(1);
  struct epoll_event event;
  double began = now_s();
  for (int i = 0; i < times; i++) {
    c->number = 80000 + i % 10000;
    c->since = now_s();
    start(c);
    while (c->state != IDLE) {
      if (epoll_wait(epoll, &event, 1, -1) < 1) continue;
      if (c->state == CONNECTING) {
        if (!connected(c)) fail("connect");
        join(c);
        continue;
      }
      int whole = reply(c);
      if (whole < 0 || (whole && c->state == LEAVING)) note(now_s() - c->since), stop(c);
      else if (whole) leave(c);
    }
    double left = began + (i + 1) * pause - now_s();
    if (left > 0) usleep((useconds_t)(1e6 * left));
  }
  report("churned", now_s() - began);
  return 0;
}

int main(int argc, char **argv) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  epoll = epoll_create1(0);
  srand(1);
  if (argc == 7 && !strcmp(argv[1], "ask")) {
    resp = !strcmp(argv[2], "resp");
    port = atoi(argv[3]);
    return run_ask(atoi(argv[4]), atof(argv[5]), atof(argv[6]) / 1000);
  }
  if (argc == 5 && !strcmp(argv[1], "hold")) {
    port = atoi(argv[2]);
    return run_hold(atoi(argv[3]), atoi(argv[4]));
  }
  if (argc == 5 && !strcmp(argv[1], "churn")) {
    port = atoi(argv[2]);
    return run_churn(atoi(argv[3]), atof(argv[4]) / 1000);
  }
  fprintf(stderr, "load ask sala|resp PORT CONNECTIONS SECONDS INTERVAL_MS | hold PORT PHONES WINDOW | churn PORT TIMES PAUSE_MS\n");
  return 2;
}
