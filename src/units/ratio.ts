// Ratios are 0 to 1 inside and percentages outside.

/** 0.999 of `99.9%`; null for anything else, a bare number too. Does not judge whether more than 100 % makes sense. */
export function parseRatio(text: string): number | null {
  if (text.length > 64) return null;
  const found = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text);
  // Moving the point in the text is exact where dividing is not: 99.9 / 100 is 0.9990000000000001.
  const ratio = found === null ? Number.NaN : Number(`${found[1]}e-2`);
  return Number.isFinite(ratio) ? ratio : null;
}

/** `99.98 %`, `41 %`. What is not quite all never rounds up to `100 %`, nor what is not quite nothing down to `0 %`. */
export function formatPercent(ratio: number): string {
  if (!Number.isFinite(ratio)) return 'n/a';
  const percent = ratio * 100;
  for (let digits = 2; digits <= 6; digits++) {
    const rounded = Number(percent.toFixed(digits));
    const misleads = (rounded === 100 && ratio !== 1) || (rounded === 0 && ratio !== 0);
    if (!misleads) return `${rounded} %`;
  }
  if (ratio > 0.5) return ratio < 1 ? '> 99.999999 %' : '100 %';
  return ratio > 0 ? '< 0.000001 %' : '0 %';
}
