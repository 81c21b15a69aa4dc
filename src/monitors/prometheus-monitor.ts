// Asks an endpoint for its metrics. One request a tick, on a connection of its own, followed nowhere; a body that is larger
// than the bound, or no metrics at all, is a gap that says so.

import http from 'node:http';
import https from 'node:https';
import type { Monitor } from '../run/ports.ts';
import { textOf } from '../run/text-file.ts';
import { parseSelector, selectSeries, type UnreadableLine } from './prometheus-text.ts';

const MOST_BODY_BYTES = 4 * 1024 * 1024;

export function createPrometheusMonitor(url: string, series: readonly string[]): Monitor {
  const selectors = series.map(parseSelector).filter((selector) => selector !== null);
  return {
    async read(signal) {
      const selected = selectSeries(await fetchMetrics(url, signal), selectors);
      if (selected === null) throw new Error('expected metrics in the text format of Prometheus, got none');
      const { sums: found, unreadable } = selected;
      const unread = new Set(unreadable.flatMap(({ names }) => names));
      const known = [...found].filter(([, value]) => Number.isFinite(value));
      const missing = selectors.flatMap(({ text, name }) => (found.has(text) || unread.has(name) ? [] : [text]));
      const unusable = [...found].filter(([, value]) => !Number.isFinite(value));
      const gaps = [
        ...(missing.length === 0 ? [] : [`no series ${missing.join(', ')}`]),
        ...unreadable.slice(0, MOST_LINES_REPORTED).map(unreadableText),
        ...(unreadable.length > MOST_LINES_REPORTED
          ? [`and ${unreadable.length - MOST_LINES_REPORTED} more such lines`]
          : []),
        ...unusable.map(([text, value]) => `${text} is ${value}`),
      ];
      if (known.length === 0) throw new Error(gaps.join('; '));
      return { values: Object.fromEntries(known), gap: gaps.length === 0 ? null : gaps.join('; ') };
    },
  };
}

const MOST_LINES_REPORTED = 3;
const MOST_LINE_CHARACTERS = 120;

/** A sum without the line would be another number, so there is none. */
function unreadableText({ number, text, names }: UnreadableLine): string {
  return `line ${number} is invalid, so ${names.join(', ')} has no value: ${text.slice(0, MOST_LINE_CHARACTERS)}`;
}

/** Null where it can be asked. */
export function prometheusProblem(url: string): string | null {
  return URL.canParse(url) ? null : 'expected a URL such as http://127.0.0.1:9100/metrics, got one that cannot be read';
}

function fetchMetrics(url: string, signal: AbortSignal): Promise<string> {
  const headers = { accept: 'text/plain;version=0.0.4', 'accept-encoding': 'identity', 'user-agent': 'highwater' };
  const { get } = /^https:/i.test(url) ? https : http;
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, signal, agent: false }, (response) => {
      const refuse = (reason: string): void => {
        reject(new Error(reason));
        request.destroy();
      };
      const { statusCode = 0, headers: answered } = response;
      if (statusCode >= 300 && statusCode < 400) return refuse(`status ${statusCode}: redirects are not followed`);
      if (statusCode !== 200) return refuse(`status ${statusCode}`);
      if (/^\s*(text\/html|application\/xhtml)/i.test(answered['content-type'] ?? '')) {
        return refuse('the answer is HTML, not metrics: check the path');
      }
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_BODY_BYTES) refuse(`the answer is larger than ${MOST_BODY_BYTES / 1024 / 1024} MiB`);
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        try {
          const body = textOf(Buffer.concat(chunks));
          if (/^\s*</.test(body)) refuse('the answer is HTML, not metrics: check the path');
          else resolve(body);
        } catch (error) {
          refuse(`the answer is ${(error as Error).message}`);
        }
      });
    });
    request.on('error', reject);
  });
}
