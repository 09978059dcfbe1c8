// Compares canonical decimal texts exactly, most of the time by one comparison of floats.

/** What a text is ordered by: the nearest float. Rounding keeps order, so only equal floats need the texts. */
export function sortKeyOf(text: string): number {
  return Number(text);
}

function compareSizes(a: string, b: string): number {
  const aPoint = a.indexOf('.');
  const bPoint = b.indexOf('.');
  const aWhole = aPoint < 0 ? a.length : aPoint;
  const bWhole = bPoint < 0 ? b.length : bPoint;
  // Without leading zeros the longer whole part is the greater; with equal ones digits are in the order of their text.
  if (aWhole !== bWhole) return aWhole < bWhole ? -1 : 1;
  return a < b ? -1 : 1;
}

/** -1, 0 or 1, exact to any number of digits. Canonical text (docs/stream.md) has one form for each number. */
export function compareDecimalTexts(a: string, b: string): number {
  if (a === b) return 0;
  const isANegative = a.startsWith('-');
  const isBNegative = b.startsWith('-');
  if (isANegative !== isBNegative) return isANegative ? -1 : 1;
  return isANegative ? compareSizes(b.slice(1), a.slice(1)) : compareSizes(a, b);
}
