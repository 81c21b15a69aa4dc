// What is counted of messages: the names that facts, results and rules share.

/** For each type of message where a plan has several, and of all together. */
export const TYPE_COUNTS = [
  'sent',
  'delivered',
  'rejected',
  'lost',
  'unresolved',
  'duplicated',
  'reordered',
  'corrupted',
] as const;

/** Of all messages together. */
export const MESSAGE_COUNTS = [
  ...TYPE_COUNTS,
  'unexpected',
  'unreadable',
  'late',
  'acknowledged',
  'resent',
  'deduplicated',
  'diverged',
  'totalOrderViolations',
] as const;
