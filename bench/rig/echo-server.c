/*
 * echo-server: the other end of every speed measurement. It answers WebSocket traffic as cheaply as one core can, so that
 * what a benchmark measures is the client, not its target.
 *
 *   echo-server [--port P] [--ports N] [--until-stdin-closes]
 *
 *   --port P               listen on 127.0.0.1:P; 0, the default, takes an ephemeral port
 *   --ports N              listen on N ephemeral ports instead (one source address reaches one port about 28,000 times)
 *   --until-stdin-closes   exit when stdin, which must be a pipe, reaches its end: never orphaned, whatever kills the parent
 *
 * Prints one line `listening PORT [PORT...]`, then serves until SIGTERM or SIGINT (exit code 0).
 *
 * Invariants:
 *  - One read, one write: all frames that one read completes are answered by one write.
 *  - An idle connection costs sizeof(struct connection), 56 bytes: it owns a buffer only while half a frame has arrived or
 *    half an answer is still to be sent.
 *  - A connection whose answer is still pending is not read from, so its memory is bounded by one message (or one read).
 *  - Frames are mirrored: a fragmented message comes back in the same fragments, and control frames are answered between
 *    them (RFC 6455, section 5.4).
 *
 * Deliberately absent: extensions, subprotocols, TLS, UTF-8 validation, idle timeouts.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  READ_BYTES = 256 * 1024,
  LARGEST_MESSAGE_BYTES = 16 * 1024 * 1024,
  LARGEST_HANDSHAKE_BYTES = 8 * 1024,
  SLACK_BYTES = 8, /* behind every buffer: a failing frame's answer may end two bytes behind what was read */
  EVENTS_A_WAIT = 512,
  ACCEPTS_AN_EVENT = 256,
  LISTEN_BACKLOG = 4096,
  MOST_PORTS = 1000,
  MOST_DESCRIPTORS = 1 << 20,
};

enum { OP_CONTINUATION = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };
enum { CLOSE_PROTOCOL_ERROR = 1002, CLOSE_TOO_BIG = 1009 };

/* What a file descriptor is. A connection goes HANDSHAKE -> OPEN -> CLOSING (our last bytes are pending) -> DRAINING (we
   have shut down our side and wait for the peer's). */
enum role { UNUSED, LISTENER, SIGNALS, STDIN, HANDSHAKE, OPEN, CLOSING, DRAINING };

/* bytes: [ ... sent | start .. start + length | free .. capacity | slack ]; bytes is NULL when nothing is pending. */
struct pending {
  uint8_t *bytes;
  uint32_t start;
  uint32_t length;
  uint32_t capacity;
};

struct connection {
  struct pending input;   /* the beginning of an incomplete frame or handshake; start is always 0 */
  struct pending output;  /* answers that the kernel did not take yet */
  uint32_t message_bytes; /* payload so far of the fragmented message that is under way */
  uint8_t role;
  bool in_message;
};

static struct connection *connections; /* indexed by file descriptor */
static int descriptor_limit;
static int poller;
static int spare_descriptor; /* given up to accept, and so refuse, a connection when no descriptor is left */
static uint8_t read_buffer[READ_BYTES + SLACK_BYTES];

static _Noreturn void die(const char *what) {
  fprintf(stderr, "echo-server: %s: %s\n", what, strerror(errno));
  exit(1);
}

/* ---- SHA-1 (RFC 3174) and base64 (RFC 4648), for the handshake only ---- */

static uint32_t rotate_left(uint32_t value, int bits) { return value << bits | value >> (32 - bits); }

static void sha1_block(uint32_t state[5], const uint8_t block[64]) {
  uint32_t w[80];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
           (uint32_t)block[4 * i + 3];
  for (int i = 16; i < 80; i++) w[i] = rotate_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
  for (int i = 0; i < 80; i++) {
    uint32_t f, k;
    if (i < 20) f = (b & c) | (~b & d), k = 0x5a827999;
    else if (i < 40) f = b ^ c ^ d, k = 0x6ed9eba1;
    else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
    else f = b ^ c ^ d, k = 0xca62c1d6;
    uint32_t next = rotate_left(a, 5) + f + e + k + w[i];
    e = d, d = c, c = rotate_left(b, 30), b = a, a = next;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

/* length must leave room for the padding in two blocks: at most 119 bytes. */
static void sha1_short(const char *text, size_t length, uint8_t digest[20]) {
  uint8_t blocks[128] = {0};
  size_t block_count = length < 56 ? 1 : 2;
  memcpy(blocks, text, length);
  blocks[length] = 0x80;
  uint64_t bits = (uint64_t)length * 8;
  for (int i = 0; i < 8; i++) blocks[block_count * 64 - 1 - (size_t)i] = (uint8_t)(bits >> (8 * i));
  uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  for (size_t i = 0; i < block_count; i++) sha1_block(state, blocks + 64 * i);
  for (int i = 0; i < 20; i++) digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

/* 20 bytes are 28 characters, the last of them padding. */
static void base64_digest(const uint8_t digest[20], char text[29]) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *out = text;
  for (int i = 0; i < 20; i += 3) {
    uint32_t group = (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 | (i + 2 < 20 ? digest[i + 2] : 0u);
    for (int shift = 18; shift >= 0; shift -= 6) *out++ = alphabet[group >> shift & 63];
  }
  text[27] = '=';
  text[28] = 0;
}

/* ---- sending, closing ---- */

static int descriptor_of(const struct connection *c) { return (int)(c - connections); }

static void forget(struct pending *p) {
  free(p->bytes);
  *p = (struct pending){0};
}

static void keep(struct pending *p, const uint8_t *bytes, size_t length, size_t capacity) {
  uint8_t *grown = realloc(p->bytes, p->start + p->length + capacity + SLACK_BYTES);
  if (grown == NULL) die("realloc");
  memcpy(grown + p->start + p->length, bytes, length);
  p->bytes = grown;
  p->capacity = (uint32_t)(p->start + p->length + capacity);
  p->length += (uint32_t)length;
}

static void watch(int operation, int descriptor, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = descriptor};
  if (epoll_ctl(poller, operation, descriptor, &event) != 0) die("epoll_ctl");
}

static void drop(struct connection *c) {
  forget(&c->input);
  forget(&c->output);
  close(descriptor_of(c));
  *c = (struct connection){.role = UNUSED};
}

/* Our last byte is with the kernel. Closing now, with bytes of the peer still unread, would send a reset that can overtake
   the close frame; so only our side ends, and what still comes is read and discarded. */
static void end_our_side(struct connection *c) {
  shutdown(descriptor_of(c), SHUT_WR);
  c->role = DRAINING;
}

/* Sends what the kernel takes and keeps the rest. False when the connection is gone. */
static bool send_or_keep(struct connection *c, const uint8_t *bytes, size_t length) {
  size_t sent = 0;
  bool blocked = c->output.length > 0;
  if (!blocked) {
    ssize_t n = send(descriptor_of(c), bytes, length, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return drop(c), false;
    if (n > 0) sent = (size_t)n;
  }
  if (sent == length) return true;
  if (!blocked) watch(EPOLL_CTL_MOD, descriptor_of(c), EPOLLOUT);
  if (bytes == c->input.bytes && c->output.bytes == NULL) {
    /* A large message, answered in the buffer it was collected in: hand the buffer over instead of copying it. */
    c->output = (struct pending){c->input.bytes, (uint32_t)sent, (uint32_t)(length - sent), c->input.capacity};
    c->input = (struct pending){0};
    return true;
  }
  keep(&c->output, bytes + sent, length - sent, length - sent);
  return true;
}

static void on_writable(struct connection *c) {
  ssize_t n = send(descriptor_of(c), c->output.bytes + c->output.start, c->output.length, MSG_NOSIGNAL);
  if (n < 0) {
    if (errno != EAGAIN && errno != EINTR) drop(c);
    return;
  }
  c->output.start += (uint32_t)n;
  c->output.length -= (uint32_t)n;
  if (c->output.length > 0) return;
  forget(&c->output);
  watch(EPOLL_CTL_MOD, descriptor_of(c), EPOLLIN);
  if (c->role == CLOSING) end_our_side(c);
}

/* ---- frames (RFC 6455, section 5.2) ---- */

/* What the complete frames of a buffer came to. The answers stand at the buffer's beginning: an answer carries no mask and
   so is at least four bytes shorter than its question, and can be written over questions that have been read already. */
struct answers {
  size_t consumed; /* bytes of complete frames */
  size_t produced; /* bytes of answers */
  size_t needed;   /* bytes that the incomplete frame at the end will have, as far as its header tells */
  bool last;       /* a close frame is among the answers */
};

/* Forward copy, `to` before `from`: eight bytes are loaded before the store that may overlap the next ones' place. */
static void unmask(uint8_t *to, const uint8_t *from, size_t length, const uint8_t mask[4]) {
  uint64_t wide_mask;
  memcpy(&wide_mask, mask, 4);
  memcpy((uint8_t *)&wide_mask + 4, mask, 4);
  size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    uint64_t word;
    memcpy(&word, from + i, 8);
    word ^= wide_mask;
    memcpy(to + i, &word, 8);
  }
  const uint8_t rest_mask[4] = {mask[0], mask[1], mask[2], mask[3]};
  for (; i < length; i++) to[i] = from[i] ^ rest_mask[i & 3];
}

static size_t put_header(uint8_t *to, uint8_t first, size_t payload) {
  to[0] = first;
  if (payload < 126) return to[1] = (uint8_t)payload, 2;
  if (payload < 65536) return to[1] = 126, to[2] = (uint8_t)(payload >> 8), to[3] = (uint8_t)payload, 4;
  to[1] = 127;
  for (int i = 0; i < 8; i++) to[2 + i] = (uint8_t)((uint64_t)payload >> (56 - 8 * i));
  return 10;
}

/* Is a frame with these first two bytes allowed here? */
static bool frame_allowed(const struct connection *c, uint8_t first, uint8_t second) {
  if ((first & 0x70) != 0) return false;  /* no extension was negotiated */
  if ((second & 0x80) == 0) return false; /* a client must mask (section 5.1) */
  switch (first & 0x0f) {
    case OP_CONTINUATION: return c->in_message;
    case OP_TEXT:
    case OP_BINARY: return !c->in_message;
    case OP_CLOSE:
    case OP_PING:
    case OP_PONG: return (first & 0x80) != 0 && (second & 0x7f) <= 125;
    default: return false;
  }
}

static struct answers fail(struct answers so_far, uint8_t *bytes, size_t length, int code) {
  uint8_t *to = bytes + so_far.produced;
  size_t header = put_header(to, 0x80 | OP_CLOSE, 2);
  to[header] = (uint8_t)(code >> 8);
  to[header + 1] = (uint8_t)code;
  return (struct answers){.consumed = length, .produced = so_far.produced + header + 2, .last = true};
}

static struct answers answer_frames(struct connection *c, uint8_t *bytes, size_t length) {
  struct answers a = {.needed = 2};
  while (length - a.consumed >= 2) {
    const uint8_t *frame = bytes + a.consumed;
    const uint8_t first = frame[0], short_length = frame[1] & 0x7f, opcode = first & 0x0f;
    if (!frame_allowed(c, first, frame[1])) return fail(a, bytes, length, CLOSE_PROTOCOL_ERROR);
    const size_t length_bytes = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    const size_t header = 2 + length_bytes + 4;
    a.needed = header;
    if (length - a.consumed < header) return a;
    uint64_t payload = length_bytes == 0 ? short_length : 0;
    for (size_t i = 0; i < length_bytes; i++) payload = payload << 8 | frame[2 + i];
    const bool is_data = opcode < OP_CLOSE;
    const uint64_t before = is_data ? c->message_bytes : 0;
    if (payload > LARGEST_MESSAGE_BYTES || before + payload > LARGEST_MESSAGE_BYTES)
      return fail(a, bytes, length, CLOSE_TOO_BIG);
    a.needed = header + (size_t)payload;
    if (length - a.consumed < a.needed) return a;

    if (opcode == OP_CLOSE && payload == 1) return fail(a, bytes, length, CLOSE_PROTOCOL_ERROR);
    if (opcode != OP_PONG) {
      const uint8_t mask[4] = {frame[header - 4], frame[header - 3], frame[header - 2], frame[header - 1]};
      const uint8_t answer_first = opcode == OP_PING ? 0x80 | OP_PONG : first;
      a.produced += put_header(bytes + a.produced, answer_first, (size_t)payload);
      unmask(bytes + a.produced, frame + header, (size_t)payload, mask);
      a.produced += (size_t)payload;
    }
    a.consumed += a.needed;
    a.needed = 2;
    if (is_data) {
      c->in_message = (first & 0x80) == 0;
      c->message_bytes = c->in_message ? (uint32_t)(before + payload) : 0;
    }
    if (opcode == OP_CLOSE) return a.consumed = length, a.last = true, a;
  }
  return a;
}

/* ---- handshake (RFC 6455, section 4.2) ---- */

/* Finds the key among the header lines; its length, or 0. */
static size_t find_key(const char *request, size_t length, char key[64]) {
  static const char name[] = "sec-websocket-key:";
  const size_t name_length = sizeof name - 1;
  const char *line = request, *end = request + length;
  while (line < end) {
    const char *line_end = memchr(line, '\r', (size_t)(end - line));
    if (line_end == NULL) return 0;
    if ((size_t)(line_end - line) > name_length && strncasecmp(line, name, name_length) == 0) {
      const char *from = line + name_length, *to = line_end;
      while (from < to && (*from == ' ' || *from == '\t')) from++;
      while (to > from && (to[-1] == ' ' || to[-1] == '\t')) to--;
      if (to - from > 63) return 0;
      memcpy(key, from, (size_t)(to - from));
      return (size_t)(to - from);
    }
    line = line_end + 2;
  }
  return 0;
}

/* Answers a complete request of `length` bytes. False when the connection is gone or on its way out. */
static bool answer_handshake(struct connection *c, const char *request, size_t length) {
  static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  char salted[64 + sizeof guid], accept[29], answer[256];
  uint8_t digest[20];
  const size_t key_length = strncmp(request, "GET ", 4) == 0 ? find_key(request, length, salted) : 0;
  if (key_length == 0) {
    static const char refusal[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    if (!send_or_keep(c, (const uint8_t *)refusal, sizeof refusal - 1)) return false;
    c->role = CLOSING;
    if (c->output.length == 0) end_our_side(c);
    return false;
  }
  memcpy(salted + key_length, guid, sizeof guid - 1);
  sha1_short(salted, key_length + sizeof guid - 1, digest);
  base64_digest(digest, accept);
  const int answer_length = snprintf(answer, sizeof answer,
                                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                     "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
  c->role = OPEN;
  return send_or_keep(c, (const uint8_t *)answer, (size_t)answer_length);
}

/* ---- events ---- */

static void on_readable(struct connection *c) {
  /* A frame larger than the shared buffer is collected in a buffer of exactly its size; everything else in the shared one,
     with what an earlier read left over copied to its front. */
  const bool collecting = c->input.capacity > READ_BYTES;
  uint8_t *buffer = collecting ? c->input.bytes : read_buffer;
  const size_t capacity = collecting ? c->input.capacity : READ_BYTES;
  const size_t held = c->input.length;
  ssize_t n = recv(descriptor_of(c), buffer + held, capacity - held, 0);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return drop(c);
  if (n < 0 || c->role == DRAINING) return;
  if (collecting) {
    c->input.length += (uint32_t)n;
  } else if (held > 0) {
    memcpy(buffer, c->input.bytes, held);
    forget(&c->input);
  }
  size_t length = held + (size_t)n;

  if (c->role == HANDSHAKE) {
    const uint8_t *end = memmem(buffer, length, "\r\n\r\n", 4);
    if (end == NULL && length > LARGEST_HANDSHAKE_BYTES) return drop(c);
    if (end == NULL) return keep(&c->input, buffer, length, length);
    const size_t request = (size_t)(end - buffer) + 4;
    if (!answer_handshake(c, (const char *)buffer, request)) return;
    buffer += request;
    length -= request;
  }

  const struct answers a = answer_frames(c, buffer, length);
  const size_t left = length - a.consumed;
  if (left > 0 && !collecting) {
    /* Before the answers go out: they may take long, and the shared buffer is the next connection's. */
    keep(&c->input, buffer + a.consumed, left, a.needed > READ_BYTES ? a.needed : left);
  }
  if (a.produced > 0 && !send_or_keep(c, buffer, a.produced)) return;
  if (collecting && left == 0) forget(&c->input);
  if (!a.last) return;
  c->role = CLOSING;
  if (c->output.length == 0) end_our_side(c);
}

static void on_connection_event(struct connection *c) {
  if (c->output.length > 0) on_writable(c);
  else on_readable(c);
}

static void on_connections_waiting(int listener) {
  for (int i = 0; i < ACCEPTS_AN_EVENT; i++) {
    const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
      close(spare_descriptor);
      const int refused = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
      if (refused >= 0) close(refused);
      spare_descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
      continue;
    }
    if (fd < 0) return; /* EAGAIN: all taken; anything else concerns a connection that is gone already */
    if (fd >= descriptor_limit) {
      close(fd);
      continue;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[fd] = (struct connection){.role = HANDSHAKE};
    watch(EPOLL_CTL_ADD, fd, EPOLLIN);
  }
}

/* False when it is time to go. */
static bool on_event(int fd) {
  switch ((enum role)connections[fd].role) {
    case UNUSED: return true; /* closed earlier in the same batch of events */
    case LISTENER: return on_connections_waiting(fd), true;
    case SIGNALS: return false;
    case STDIN: {
      char ignored[4096];
      const ssize_t n = read(fd, ignored, sizeof ignored);
      return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
    }
    case HANDSHAKE:
    case OPEN:
    case CLOSING:
    case DRAINING: return on_connection_event(&connections[fd]), true;
  }
  return true;
}

/* ---- start ---- */

static int listen_on(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) die("bind");
  if (listen(fd, LISTEN_BACKLOG) != 0) die("listen");
  socklen_t size = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &size) != 0) die("getsockname");
  connections[fd].role = LISTENER;
  watch(EPOLL_CTL_ADD, fd, EPOLLIN);
  return ntohs(address.sin_port);
}

static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) die("setrlimit");
  descriptor_limit = limit.rlim_cur > MOST_DESCRIPTORS ? MOST_DESCRIPTORS : (int)limit.rlim_cur;
}

static void watch_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, NULL);
  const int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd < 0) die("signalfd");
  connections[fd].role = SIGNALS;
  watch(EPOLL_CTL_ADD, fd, EPOLLIN);
}

static _Noreturn void usage(void) {
  fprintf(stderr, "usage: echo-server [--port 0..65535 | --ports 1..%d] [--until-stdin-closes]\n", MOST_PORTS);
  exit(2);
}

static int whole_number(const char *text, int least, int most) {
  char *end;
  const long value = text == NULL ? -1 : strtol(text, &end, 10);
  if (text == NULL || *text == 0 || *end != 0 || value < least || value > most) usage();
  return (int)value;
}

int main(int count, char **arguments) {
  int port = 0, ports = 1;
  bool until_stdin_closes = false;
  for (int i = 1; i < count; i++) {
    if (strcmp(arguments[i], "--port") == 0) port = whole_number(arguments[++i], 0, 65535);
    else if (strcmp(arguments[i], "--ports") == 0) ports = whole_number(arguments[++i], 1, MOST_PORTS);
    else if (strcmp(arguments[i], "--until-stdin-closes") == 0) until_stdin_closes = true;
    else usage();
  }
  if (port != 0 && ports != 1) usage();

  raise_descriptor_limit();
  connections = calloc((size_t)descriptor_limit, sizeof *connections);
  poller = epoll_create1(EPOLL_CLOEXEC);
  spare_descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (connections == NULL || poller < 0 || spare_descriptor < 0) die("start");
  watch_signals();
  if (until_stdin_closes) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = STDIN_FILENO};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &event) != 0) die("--until-stdin-closes needs a pipe as stdin");
    connections[STDIN_FILENO].role = STDIN;
  }
  printf("listening");
  for (int i = 0; i < ports; i++) printf(" %d", listen_on(port));
  printf("\n");
  fflush(stdout);

  for (;;) {
    struct epoll_event events[EVENTS_A_WAIT];
    const int ready = epoll_wait(poller, events, EVENTS_A_WAIT, -1);
    if (ready < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < ready; i++)
      if (!on_event(events[i].data.fd)) return 0;
  }
}
