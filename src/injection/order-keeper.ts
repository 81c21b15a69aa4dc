// The order in which the messages of one stream went out, and how far one went after later ones: for the truth log. Plain on
// purpose: it is what the ledger is compared with. It keeps a bounded number of places.

/** No message is overtaken by more than this. */
const MAX_RECORDS = 20_000;

export interface OrderKeeper {
  /** Notes a message sent whole for the first time: its extent where later ones went first (RFC 4737 §4.2.2), else 0. */
  sent(seq: number): number;
  count(): number;
  /** The first that was sent, and the highest; null for none. */
  span(): { readonly first: number; readonly highest: number } | null;
  /** None that is earlier than what was sent can still come: what they would be compared with is forgotten. */
  clear(): void;
}

export function createOrderKeeper(): OrderKeeper {
  /** The messages that were higher than all before them, ascending, with their places. */
  const records: { readonly seq: number; readonly place: number }[] = [];
  let count = 0;
  let first = Number.NaN;
  let highest = Number.NEGATIVE_INFINITY;
  return {
    sent(seq) {
      const place = count++;
      if (place === 0) first = seq;
      highest = Math.max(highest, seq);
      let index = records.length;
      while (index > 0 && records[index - 1]!.seq > seq) index--;
      const earliestLater = records[index];
      if (earliestLater !== undefined) return place - earliestLater.place;
      records.push({ seq, place });
      // In one go, since shifting each time moves all of them: 30 us a message.
      if (records.length >= 2 * MAX_RECORDS) records.splice(0, MAX_RECORDS);
      return 0;
    },
    count: () => count,
    span: () => (count === 0 ? null : { first, highest }),
    clear() {
      records.length = 0;
    },
  };
}
