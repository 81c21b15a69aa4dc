// The names of the formats in which a result is written to files, without what makes them: a run without a report loads none of it.

export const FORMAT_NAMES = ['csv', 'hgrm', 'hlog', 'html', 'json', 'junit', 'md', 'pdf'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];
