// Tables in plain text: columns as wide as their widest cell.

const GAP = '  ';

/** Lines of the rows, indented by two; columns named in `left` are aligned left, the others right. */
export function tableLines(rows: readonly (readonly string[])[], left: readonly number[] = [0]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) => {
    const cells = row.map((cell, at) => (left.includes(at) ? cell.padEnd(widths[at]) : cell.padStart(widths[at])));
    return `${GAP}${cells.join(GAP)}`.trimEnd();
  });
}

/** Breaks a text at spaces so that no line is longer, where its words allow it; further lines are indented. */
export function wrapped(text: string, width: number, indent: string, further = indent): string[] {
  const lines: string[] = [];
  let line = indent;
  let isEmpty = true;
  for (const word of text.split(/\s+/)) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = further;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
