// Writes docs/layouts.md from the declarations in schemas/; with --check, only says whether it is as it would be written.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as derived from '../schemas/derived.ts';
import { RecordType } from '../schemas/ids.ts';
import * as journal from '../schemas/journal.ts';
import type { Field } from '../schemas/layout.ts';
import { SLOT_BYTES } from '../schemas/layout.ts';
import * as marketData from '../schemas/market-data.ts';
import * as sharedState from '../schemas/shared-state.ts';

const DOCUMENT = fileURLToPath(new URL('../docs/layouts.md', import.meta.url));
const FIELD_BYTES: Readonly<Record<Field['kind'], number>> = { u8: 1, u16: 2, u32: 4, i32: 4, f64: 8 };
/** Fields that every slot begins with. */
const HEADER_FIELDS = ['type', 'flags', 'market', 'count'];

type Declared = {
  readonly name: string;
  readonly type: number;
  readonly sizeBytes: number;
  readonly at: Readonly<Record<string, number>>;
  readonly fields: Readonly<Record<string, Field>>;
};

type Chapter = {
  readonly title: string;
  readonly source: string;
  readonly module: object;
  /** Who writes a layout of this chapter, where its fields do not each name their own. */
  readonly writer: (name: string) => string;
};

const CHAPTERS: readonly Chapter[] = [
  {
    title: 'Input records',
    source: 'market-data',
    module: marketData,
    writer: () => 'ingress thread',
  },
  {
    title: 'Output records and requests',
    source: 'derived',
    module: derived,
    writer: (name) => (name === 'request' ? 'main thread' : 'shard'),
  },
  {
    title: 'Blocks read without a ring',
    source: 'shared-state',
    module: sharedState,
    writer: (name) => (name === 'marketRow' ? 'ingress thread' : "the market's shard"),
  },
  {
    title: 'The journal on the disk',
    source: 'journal',
    module: journal,
    writer: (name) => (name === 'journalEntry' ? 'ingress thread' : 'journal thread'),
  },
];

function isDeclared(value: unknown): value is Declared {
  return typeof value === 'object' && value !== null && 'fields' in value && 'at' in value;
}

/** Names of a schema file's declarations in their order, each with the comment above it. */
function sentencesOf(source: string): Map<string, string> {
  const text = readFileSync(new URL(`../schemas/${source}.ts`, import.meta.url), 'utf8');
  const found = text.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?export const (\w+) = define/g);
  return new Map([...found].map((match) => [match[2], (match[1] ?? '').replace(/\s*\n\s*\*\s*/g, ' ').trim()]));
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function row(layout: Declared, field: string, writer: string): string {
  const { kind, meaning } = layout.fields[field];
  const bytes = FIELD_BYTES[kind];
  const [words, own] = meaning.split(/\. Writer: /);
  const offset = layout.at[field] * bytes;
  return `| ${offset} | ${bytes} | ${kind} | \`${field}\` | ${cell(words)} | ${own ?? writer} |`;
}

const TABLE_HEAD = '| offset | bytes | kind | field | meaning | writer |\n| ---: | ---: | --- | --- | --- | --- |';

function table(layout: Declared, fields: readonly string[], writer: string): string {
  return [TABLE_HEAD, ...fields.map((field) => row(layout, field, writer))].join('\n');
}

function recordTypeName(type: number): string {
  return Object.entries(RecordType).find(([, value]) => value === type)?.[0] ?? 'none';
}

function section(layout: Declared, chapter: Chapter, sentence: string): string {
  const isRecord = layout.type !== 0;
  const fields = Object.keys(layout.fields).filter((field) => !isRecord || !HEADER_FIELDS.includes(field));
  const head = isRecord
    ? `Record type ${layout.type} (\`${recordTypeName(layout.type)}\`).`
    : `A block of ${layout.sizeBytes} bytes.`;
  const lines = [`### ${layout.name}`, '', head, ...(sentence === '' ? [] : ['', sentence])];
  return [...lines, '', table(layout, fields, chapter.writer(layout.name))].join('\n');
}

function chapterText(chapter: Chapter): string {
  const sentences = sentencesOf(chapter.source);
  const layouts = new Map(
    Object.values(chapter.module)
      .filter(isDeclared)
      .map((layout) => [layout.name, layout]),
  );
  const sections = [...sentences].map(([name, sentence]) => {
    const layout = layouts.get(name);
    if (layout === undefined)
      throw new Error(`schemas/${chapter.source}.ts: expected ${name} by its own name, was none`);
    return section(layout, chapter, sentence);
  });
  return [`## ${chapter.title}`, `Declared in \`schemas/${chapter.source}.ts\`.`, ...sections].join('\n\n');
}

/** The whole of docs/layouts.md. */
export function layoutsText(): string {
  const header = table(marketData.trade, HEADER_FIELDS, 'the writer of the record');
  const opening = [
    '# Layouts',
    'Generated from `schemas/` by `npm run layouts`; do not edit. All numbers are little-endian.',
    "Offsets count bytes from the record's start. Code has them in the field's element size: `trade.at.priceMilli`.",
    '## The head of every slot',
    `A ring slot has ${SLOT_BYTES} bytes. Each record begins with these eight; its own fields follow at byte 8.`,
    header,
  ];
  return `${[...opening, ...CHAPTERS.map(chapterText)].join('\n\n')}\n`;
}

/** True when docs/layouts.md is what the schemas make. */
export function isLayoutsDocFresh(): boolean {
  return readFileSync(DOCUMENT, 'utf8') === layoutsText();
}

function main(): void {
  if (!process.argv.includes('--check')) {
    writeFileSync(DOCUMENT, layoutsText());
    return;
  }
  if (isLayoutsDocFresh()) return;
  process.stderr.write('docs/layouts.md: expected what schemas/ make, was different (npm run layouts)\n');
  process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
