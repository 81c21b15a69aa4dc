// Tables sort by the column whose heading is pressed: numbers by what they are, words by their characters, what is not known last.

export function sortTables(within: ParentNode): void {
  for (const table of within.querySelectorAll('table')) {
    const body = table.tBodies[0];
    if (body === undefined || body.rows.length < 2) continue;
    for (const heading of table.tHead?.querySelectorAll('th') ?? []) makeSortable(heading, body);
  }
}

function makeSortable(heading: HTMLTableCellElement, body: HTMLTableSectionElement): void {
  const button = document.createElement('button');
  button.type = 'button';
  button.append(...heading.childNodes);
  heading.append(button);
  button.addEventListener('click', () => {
    const isDescending = heading.getAttribute('aria-sort') === 'ascending';
    for (const other of heading.parentElement?.children ?? []) other.removeAttribute('aria-sort');
    heading.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending');
    const rows = [...body.rows].sort((a, b) =>
      compare(a.cells[heading.cellIndex], b.cells[heading.cellIndex], isDescending),
    );
    body.append(...rows);
  });
}

function compare(
  a: HTMLTableCellElement | undefined,
  b: HTMLTableCellElement | undefined,
  isDescending: boolean,
): number {
  const [left, right] = [a?.dataset.value, b?.dataset.value];
  const sign = isDescending ? -1 : 1;
  if (left === undefined || right === undefined) {
    return sign * (a?.textContent ?? '').localeCompare(b?.textContent ?? '', 'en');
  }
  if (left === '' || right === '') return Number(left === '') - Number(right === '');
  return sign * (Number(left) - Number(right));
}
