/*
 * bare-client: the floor. What a round trip costs a client that does nothing but WebSocket framing: no number, no time, no
 * check, no histogram. A load tester that measures something cannot be cheaper, and how much dearer it is, is the price of
 * what it measures.
 *
 *   bare-client PORT CLIENTS BYTES IN_FLIGHT SECONDS
 *
 * Opens CLIENTS connections to 127.0.0.1:PORT, then keeps IN_FLIGHT masked binary messages of BYTES payload under way on each
 * (a closed loop: an echo is answered by the next message) for SECONDS, and prints one line of JSON:
 *
 *   {"messages":N,"seconds":S,"cpuSeconds":C,"cpuMicrosPerMessage":X,"messagesPerSecond":Y,"userSeconds":U,"sysSeconds":K}
 *
 * messages are complete echoes; CPU time (getrusage) and seconds are those of the closed loop, without the handshakes.
 *
 * Invariants:
 *  - One read, one write: the echoes that one read completes are answered by one write (of at most BATCH_BYTES).
 *  - No buffer belongs to a client. All messages are the same frame under the same mask, so what a client still has to send is a
 *    count of bytes and a position in that frame; of a partial echo only its header and a count of bytes are kept.
 *  - A client is read from even while its own bytes are blocked, so client and server cannot wait for each other.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
  READ_BYTES = 256 * 1024,
  BATCH_BYTES = 1024 * 1024,
  MOST_PAYLOAD_BYTES = 16 * 1024 * 1024,
  LONGEST_HEADER_BYTES = 10, /* of a server's frame: it carries no mask */
  EVENTS_A_WAIT = 512,
  SETUP_TIMEOUT_SECONDS = 10, /* for each step of a client's connect and handshake */
};

enum { OP_CLOSE = 8 };

struct client {
  uint64_t owed_bytes;   /* still to be sent */
  uint64_t payload_left; /* of the echo that is under way */
  uint32_t position;     /* in the frame, of the next byte to be sent */
  int fd;
  uint8_t header[LONGEST_HEADER_BYTES];
  uint8_t header_length;
  bool ends_message; /* the echo under way is the last frame of a data message */
  bool blocked;      /* the kernel took less than was expected: epoll tells when to go on */
};

static struct client *clients;
static int poller;
static uint8_t *batch; /* the frame, again and again */
static size_t frame_bytes, batch_bytes;
static uint8_t read_buffer[READ_BYTES];

static _Noreturn void die(const char *what) {
  fprintf(stderr, "bare-client: %s\n", what);
  exit(1);
}

static _Noreturn void die_of(const char *what) {
  fprintf(stderr, "bare-client: %s: %s\n", what, strerror(errno));
  exit(1);
}

static double timespec_seconds(struct timespec t) { return (double)t.tv_sec + (double)t.tv_nsec / 1e9; }
static double timeval_seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

static double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return timespec_seconds(t);
}

/* Lays out one client frame (RFC 6455, section 5.2) and repeats it up to in_flight times or BATCH_BYTES. */
static void lay_out_batch(size_t payload, uint64_t in_flight) {
  static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
  uint8_t header[14] = {0x82};
  size_t header_bytes = 2;
  if (payload < 126) {
    header[1] = (uint8_t)(0x80 | payload);
  } else {
    const size_t length_bytes = payload < 65536 ? 2 : 8;
    header[1] = length_bytes == 2 ? 0x80 | 126 : 0x80 | 127;
    for (size_t i = 0; i < length_bytes; i++)
      header[2 + i] = (uint8_t)((uint64_t)payload >> (8 * (length_bytes - 1 - i)));
    header_bytes += length_bytes;
  }
  memcpy(header + header_bytes, mask, 4);
  header_bytes += 4;
  frame_bytes = header_bytes + payload;
  uint64_t frames = BATCH_BYTES / frame_bytes;
  if (frames > in_flight) frames = in_flight;
  if (frames < 1) frames = 1;
  batch_bytes = (size_t)frames * frame_bytes;
  batch = malloc(batch_bytes);
  if (batch == NULL) die("not enough memory for the messages");
  for (uint64_t f = 0; f < frames; f++) {
    uint8_t *frame = batch + f * frame_bytes;
    memcpy(frame, header, header_bytes);
    for (size_t i = 0; i < payload; i++) frame[header_bytes + i] = (uint8_t)('a' + i % 26) ^ mask[i & 3];
  }
}

/* ---- opening: blocking and one after the other, before anything is measured ---- */

static void shake_hands(int fd, int port) {
  /* RFC 6455's own example of a key and its answer: no SHA-1 needed to know that the other side speaks WebSocket. */
  char request[256], answer[2048] = {0};
  const int length = snprintf(request, sizeof request,
                              "GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", port);
  if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length) die_of("sending a handshake");
  size_t have = 0;
  while (have < 4 || memcmp(answer + have - 4, "\r\n\r\n", 4) != 0) {
    const ssize_t n = recv(fd, answer + have, sizeof answer - 1 - have, 0);
    if (n < 0) die_of("waiting for a handshake's answer");
    if (n == 0) die("a handshake was not answered by a complete response");
    have += (size_t)n;
  }
  if (strncmp(answer, "HTTP/1.1 101", 12) != 0) die("a handshake was refused: expected HTTP/1.1 101");
  if (strstr(answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == NULL) die("a handshake was answered with a wrong accept key");
}

static int open_client(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die_of("socket");
  const struct timeval timeout = {.tv_sec = SETUP_TIMEOUT_SECONDS};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  /* Exit resets the connections, so that no port is left in TIME_WAIT for the next measurement to step around. */
  const struct linger reset = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) die_of("connect");
  shake_hands(fd, port);
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) die_of("fcntl");
  return fd;
}

/* ---- the closed loop ---- */

static void watch(int operation, struct client *client, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = client};
  if (epoll_ctl(poller, operation, client->fd, &event) != 0) die_of("epoll_ctl");
}

static void send_owed(struct client *client) {
  bool blocked = false;
  while (client->owed_bytes > 0 && !blocked) {
    size_t length = batch_bytes - client->position;
    if (length > client->owed_bytes) length = (size_t)client->owed_bytes;
    ssize_t n = send(client->fd, batch + client->position, length, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) die_of("send");
    if (n < 0) n = 0;
    client->owed_bytes -= (uint64_t)n;
    client->position = (uint32_t)((client->position + (size_t)n) % frame_bytes);
    blocked = (size_t)n < length;
  }
  if (blocked == client->blocked) return;
  client->blocked = blocked;
  watch(EPOLL_CTL_MOD, client, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* Takes over the header that is complete in client->header. */
static void begin_frame(struct client *client) {
  const uint8_t *h = client->header;
  const uint8_t short_length = h[1] & 0x7f, opcode = h[0] & 0x0f;
  if (opcode == OP_CLOSE) die("the server closed a client with a close frame");
  if ((h[1] & 0x80) != 0) die("the server masked a frame");
  uint64_t length = short_length < 126 ? short_length : 0;
  for (int i = 2; i < client->header_length; i++) length = length << 8 | h[i];
  client->payload_left = length;
  client->ends_message = (h[0] & 0x80) != 0 && opcode < OP_CLOSE;
  client->header_length = 0;
}

static int header_bytes_of(uint8_t second) {
  const uint8_t short_length = second & 0x7f;
  return short_length == 126 ? 4 : short_length == 127 ? 10 : 2;
}

/* How many messages these bytes complete. */
static uint64_t count_echoes(struct client *client, const uint8_t *bytes, size_t length) {
  uint64_t complete = 0;
  size_t at = 0;
  while (at < length) {
    if (client->payload_left == 0) {
      client->header[client->header_length++] = bytes[at++];
      if (client->header_length < 2 || client->header_length < header_bytes_of(client->header[1])) continue;
      begin_frame(client);
    }
    const size_t take = client->payload_left < length - at ? (size_t)client->payload_left : length - at;
    at += take;
    client->payload_left -= take;
    if (client->payload_left == 0 && client->ends_message) complete++;
  }
  return complete;
}

static uint64_t on_readable(struct client *client) {
  const ssize_t n = recv(client->fd, read_buffer, READ_BYTES, 0);
  if (n == 0) die("the server closed a client");
  if (n < 0 && errno != EAGAIN && errno != EINTR) die_of("recv");
  if (n < 0) return 0;
  const uint64_t echoes = count_echoes(client, read_buffer, (size_t)n);
  client->owed_bytes += echoes * frame_bytes;
  if (echoes > 0 && !client->blocked) send_owed(client);
  return echoes;
}

static uint64_t loop_until(double end_seconds) {
  uint64_t messages = 0;
  for (double now = now_seconds(); now < end_seconds; now = now_seconds()) {
    struct epoll_event events[EVENTS_A_WAIT];
    const int ready = epoll_wait(poller, events, EVENTS_A_WAIT, (int)((end_seconds - now) * 1000) + 1);
    if (ready < 0 && errno != EINTR) die_of("epoll_wait");
    for (int i = 0; i < ready; i++) {
      struct client *client = events[i].data.ptr;
      if ((events[i].events & EPOLLOUT) != 0) send_owed(client);
      if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0) messages += on_readable(client);
    }
  }
  return messages;
}

/* ---- start and result ---- */

static double number(const char *text, double least, double most) {
  char *end;
  const double value = strtod(text, &end);
  if (*text == 0 || *end != 0 || !(value >= least && value <= most)) die("expected PORT CLIENTS BYTES IN_FLIGHT SECONDS");
  return value;
}

int main(int count, char **arguments) {
  if (count != 6) {
    fprintf(stderr, "usage: bare-client PORT CLIENTS BYTES IN_FLIGHT SECONDS\n");
    return 2;
  }
  const int port = (int)number(arguments[1], 1, 65535);
  const size_t client_count = (size_t)number(arguments[2], 1, 1000000);
  const size_t payload = (size_t)number(arguments[3], 0, MOST_PAYLOAD_BYTES);
  const uint64_t in_flight = (uint64_t)number(arguments[4], 1, 1000000);
  const double seconds = number(arguments[5], 0.001, 3600);

  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) die_of("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) die_of("setrlimit");
  clients = calloc(client_count, sizeof *clients);
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (clients == NULL || poller < 0) die_of("start");
  lay_out_batch(payload, in_flight);
  for (size_t i = 0; i < client_count; i++) {
    clients[i].fd = open_client(port);
    watch(EPOLL_CTL_ADD, &clients[i], EPOLLIN);
  }

  struct rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  const double start_seconds = now_seconds();
  for (size_t i = 0; i < client_count; i++) {
    clients[i].owed_bytes = in_flight * frame_bytes;
    send_owed(&clients[i]);
  }
  const uint64_t messages = loop_until(start_seconds + seconds);
  const double took_seconds = now_seconds() - start_seconds;
  getrusage(RUSAGE_SELF, &after);

  const double user = timeval_seconds(after.ru_utime) - timeval_seconds(before.ru_utime);
  const double sys = timeval_seconds(after.ru_stime) - timeval_seconds(before.ru_stime);
  if (messages == 0) die("not one message came back");
  printf("{\"messages\":%llu,\"seconds\":%.6f,\"cpuSeconds\":%.6f,\"cpuMicrosPerMessage\":%.4f,"
         "\"messagesPerSecond\":%.1f,\"userSeconds\":%.6f,\"sysSeconds\":%.6f}\n",
         (unsigned long long)messages, took_seconds, user + sys, (user + sys) * 1e6 / (double)messages,
         (double)messages / took_seconds, user, sys);
  return 0;
}
