// The `target` section of a plan as written.

import * as z from 'zod';
import { expandAddresses } from '../templates/addresses.ts';
import {
  type FieldRefusal,
  refuseCookieName,
  refuseCookieValue,
  refuseHeaderName,
  refuseHeaderValue,
  refuseSubprotocol,
} from '../templates/headers.ts';
import { refuseUrl } from '../templates/url.ts';
import {
  choiceField,
  durationField,
  flagField,
  nameField,
  objectField,
  refuse,
  sizeField,
  textField,
} from './fields.ts';

const GIB = 1024 ** 3;
const MAX_LIST = 1000;

const url = checkedText('a URL such as wss://example.com/ws', {
  description: `A ws:// or wss:// URL, which may hold \${client}, \${room} and \${row.COLUMN}; or reference, the built-in target.`,
  examples: ['wss://chat.example.com/ws', 'reference'],
  pattern: '^(reference|[wW][sS][sS]?://.+)$',
  textOnly: true,
  refusal: refuseUrl,
});

const ROWS_FORM = 'the name of a CSV file, or { file, order }';
const rowsFile = nameField('A CSV file with a header line.', { max: 4096, example: 'users.csv' });

const headers = z
  .record(
    checkedKey('a header name', refuseHeaderName),
    checkedText('a header value', {
      description: `May hold \${env.NAME}, \${client}, \${room} and \${row.COLUMN}.`,
      examples: [`Bearer \${env.TOKEN}`],
      refusal: refuseHeaderValue,
    }),
    { error: () => 'headers by name' },
  )
  .meta({ description: 'Headers of the opening handshake.', examples: [{ Authorization: `Bearer \${env.TOKEN}` }] });

const cookies = z
  .record(
    checkedKey('a cookie name', refuseCookieName),
    checkedText('a cookie value', {
      description: `May hold \${env.NAME}, \${client}, \${room} and \${row.COLUMN}.`,
      examples: [`\${row.session}`],
      refusal: refuseCookieValue,
    }),
    { error: () => 'cookies by name' },
  )
  .meta({ description: 'Cookies by name, sent as one Cookie header.', examples: [{ session: `\${row.session}` }] });

const compressionSides = objectField(
  {
    clientContextTakeover: flagField(
      'Whether Highwater keeps its compression window between messages. Default true.',
    ).optional(),
    serverContextTakeover: flagField(
      'Whether the server may keep its compression window between messages. Default true.',
    ).optional(),
  },
  'off, on, or { clientContextTakeover, serverContextTakeover }',
  'permessage-deflate, with context takeover for each side.',
);

const compression = z
  .union([z.enum(['on', 'off']), z.boolean(), compressionSides], {
    error: () => 'off, on, or { clientContextTakeover, serverContextTakeover }',
  })
  .describe('permessage-deflate (RFC 7692). Default off.');

const tls = objectField(
  {
    ca: nameField('A file of PEM certificates to trust instead of the system’s.', {
      max: 4096,
      example: 'ca.pem',
    }).optional(),
    cert: nameField('A file with the client’s certificate, PEM.', { max: 4096, example: 'client.pem' }).optional(),
    key: nameField('A file with the client’s private key, PEM.', { max: 4096, example: 'client.key' }).optional(),
    passphrase: checkedText('a text', {
      description: 'The passphrase of the private key.',
      examples: [`\${env.KEY_PASSPHRASE}`],
      refusal: () => null,
    }).optional(),
    serverName: nameField('The server name for SNI, which the certificate must have. Default: the host of the URL.', {
      max: 253,
      example: 'chat.example.com',
    }).optional(),
    insecure: flagField('Accepts any certificate. Default false.').optional(),
  },
  'TLS settings',
  'TLS of wss:// connections.',
);

const sourceAddress = textField({
  expected: 'an IP address or a range such as 127.0.0.2-127.0.0.9 of at most 4096',
  description: 'A local address, or a range of IPv4 addresses.',
  examples: ['127.0.0.2', '127.0.0.2-127.0.0.9'],
  read: (value) =>
    expandAddresses(String(value)) ?? refuse('an IP address or a range such as 127.0.0.2-127.0.0.9 of at most 4096'),
});

const PING_FORM = 'true, or { every, timeout }';

const ping = z
  .union(
    [
      z.literal(true, { error: () => PING_FORM }),
      objectField(
        {
          every: durationField('The time between pings on a connection. Default 10s.', { min: 1 }).optional(),
          timeout: durationField(
            'How long to wait for a pong before the connection is dropped. At most `every`. Default 5s.',
            { min: 1, example: '5s' },
          ).optional(),
        },
        PING_FORM,
        'How often pings are sent and how long a pong may take.',
      ),
    ],
    { error: () => PING_FORM },
  )
  .describe('Clients send WebSocket pings; a connection without a pong in time is dropped. Default: no pings.');

export const targetSchema = objectField(
  {
    url: z
      .union([url, listOf(url, 'a URL or a list of URLs', 1)], {
        error: () => 'a URL such as wss://example.com/ws, or a list',
      })
      .describe('Where to connect; clients are spread over several URLs.'),
    headers: headers.optional(),
    cookies: cookies.optional(),
    subprotocols: listOf(
      checkedText('a subprotocol', {
        description: 'A subprotocol’s name.',
        examples: ['chat.v2'],
        refusal: refuseSubprotocol,
      }),
      'a list of subprotocols',
    )
      .describe('Subprotocols to offer, in order of preference.')
      .optional(),
    compression: compression.optional(),
    tls: tls.optional(),
    sourceAddresses: listOf(sourceAddress, 'a list of addresses')
      .describe('Local addresses to connect from, if one address has too few ports.')
      .optional(),
    rows: z
      .union(
        [
          rowsFile,
          objectField(
            {
              file: rowsFile,
              order: choiceField(
                ['sequential', 'random', 'once'],
                'Which row each client gets: sequential (starting again after the last), random by the seed, or once (a row of its own for each client). Default sequential.',
              ).optional(),
            },
            ROWS_FORM,
            'The file and the order of its rows.',
          ),
        ],
        { error: () => ROWS_FORM },
      )
      .describe(`A CSV file with a header line; each client takes the values of \${row.COLUMN} from one row.`)
      .optional(),
    connectTimeout: durationField('Timeout for the TCP and TLS connection. Default 10s.', { min: 1 }).optional(),
    handshakeTimeout: durationField('Timeout for the answer to the opening handshake. Default 10s.', {
      min: 1,
    }).optional(),
    maxMessage: sizeField(
      'Larger incoming messages are refused with close code 1009. Default 16MiB.',
      GIB,
      '1GiB',
      '16MiB',
    ).optional(),
    maxBuffered: sizeField(
      'A client with more unsent bytes than this does not send more. Default 1MiB.',
      GIB,
      '1GiB',
      '16MiB',
    ).optional(),
    ping: ping.optional(),
  },
  'a target with at least a url',
  'The service under test.',
);

export type WrittenTarget = z.output<typeof targetSchema>;

function checkedText(
  expected: string,
  options: {
    readonly description: string;
    readonly examples: readonly string[];
    readonly pattern?: string;
    readonly textOnly?: boolean;
    readonly refusal: (text: string) => FieldRefusal | null;
  },
) {
  const { refusal, ...field } = options;
  return textField({
    ...field,
    expected,
    read: (value) => {
      const refused = refusal(String(value));
      return refused === null ? String(value) : refuse(refused.expected, refused.hint);
    },
  });
}

function checkedKey(expected: string, refusal: (text: string) => FieldRefusal | null) {
  return z.string({ error: () => expected }).superRefine((name, context) => {
    const refused = refusal(name);
    if (refused !== null) {
      context.addIssue({ code: 'custom', message: refused.expected, params: { hint: refused.hint } });
    }
  });
}

function listOf<T extends z.ZodType>(item: T, expected: string, min = 0) {
  return z
    .array(item, { error: () => expected })
    .min(min, { error: () => `${expected}, at least ${min}` })
    .max(MAX_LIST, { error: () => `at most ${MAX_LIST} entries` });
}
