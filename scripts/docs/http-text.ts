// The part of docs/http.md that the routes make: each with its parameters, its answer, an example and its errors.

import { readFileSync } from 'node:fs';
import { type Parameter, type Route, routesOf } from '../../engine/publish/openapi.ts';
import { ANSWERS, type AnswerSchema } from '../../engine/publish/openapi-answers.ts';
import { BAR_HISTORY, LADDER_LEVELS_MAX, TRADE_HISTORY } from '../../schemas/config.ts';

export const EXAMPLES_FILE = new URL('./http-examples.json', import.meta.url);

/** What was asked of a running engine for a route, and what it answered, cut to a few items. */
export type HttpExample = { readonly request: string; readonly answer: string };

/** Where a route is explained further. */
const PAGES: Readonly<Record<string, string>> = {
  '/metrics': '[Operations](operations.md#metrics) lists them.',
  '/v1/markets':
    'States and reasons are explained in [operations](operations.md#trust-states), activity in [data quality](data-quality.md#activity).',
  '/v1/book/{market}': 'What `horizon` means is told in [measures](measures.md#horizon).',
  '/v1/measures/{market}': 'All of them are explained in [measures](measures.md).',
  '/v1/bars/{market}': 'Kinds and fields are explained in [bars](bars.md).',
  '/v1/signals/{market}': 'They are explained in [signals](signals.md).',
  '/v1/journal': '[Recording format](recording-format.md#record-a-running-engine) tells how it is read.',
  '/v1/latency': 'Stages are explained in [architecture](architecture.md#time).',
  '/v1/stats': 'Counters are explained in [operations](operations.md#counters).',
};

const cell = (text: string): string => text.replaceAll('|', '\\|');
const grouped = (value: unknown): string => (typeof value === 'number' ? value.toLocaleString('en-US') : String(value));

function limitsOf({ schema }: Parameter): string {
  const inner = (schema['items'] ?? schema) as Readonly<Record<string, unknown>>;
  const range = 'minimum' in inner ? `${grouped(inner['minimum'])} to ${grouped(inner['maximum'])}` : '';
  if ('maxItems' in schema) return `${schema['minItems']} to ${schema['maxItems']} of them, each ${range}`;
  return range;
}

function parameterRow(parameter: Parameter): string {
  const { name, description, required, schema } = parameter;
  const usual = required ? 'must be there' : 'default' in schema ? `\`${String(schema['default'])}\`` : '–';
  const limits = limitsOf(parameter);
  return `| \`${name}\` | ${cell(description)} | ${usual} | ${limits === '' ? '–' : limits} |`;
}

function parametersText(parameters: readonly Parameter[]): string[] {
  if (parameters.length === 0) return [];
  return [
    `| parameter | meaning | default | limits |\n| --- | --- | --- | --- |\n${parameters.map(parameterRow).join('\n')}`,
  ];
}

function typeText(schema: AnswerSchema): string {
  const types = [schema['type']].flat().map(String);
  const format = schema['format'] === 'decimal' ? 'decimal text' : schema['format'] === 'date-time' ? 'time' : null;
  return types.map((type) => (type === 'string' && format !== null ? format : type)).join(' or ');
}

/** The fields of an object, or of the objects in a list. */
function fieldsOf(schema: AnswerSchema): Readonly<Record<string, AnswerSchema>> {
  const inner = (schema['items'] ?? schema['additionalProperties'] ?? schema) as AnswerSchema;
  return (inner['properties'] ?? {}) as Readonly<Record<string, AnswerSchema>>;
}

function answerText({ answer }: Route): string[] {
  const fields = answer === undefined ? [] : Object.entries(fieldsOf(ANSWERS[answer]));
  if (fields.length === 0) return [];
  const rows = fields.map(
    ([name, schema]) => `| \`${name}\` | ${typeText(schema)} | ${cell(String(schema['description'] ?? ''))} |`,
  );
  return [`| field | type | meaning |\n| --- | --- | --- |\n${rows.join('\n')}`];
}

function exampleText({ type }: Route, example: HttpExample | undefined): string[] {
  if (example === undefined) return [];
  const language = type === 'text/plain' ? 'text' : 'json';
  return [`\`GET ${example.request}\``, `\`\`\`${language}\n${example.answer.trimEnd()}\n\`\`\``];
}

function errorsText({ errors = {} }: Route): string[] {
  const parts = Object.entries(errors).map(([status, words]) => `${status} ${words}`);
  return parts.length === 0 ? [] : [`**Errors.** ${parts.join('. ')}.`];
}

function routeText(path: string, route: Route, example: HttpExample | undefined): string {
  const { summary, description, parameters = [], isOpen = false, role } = route;
  const sentences = [`${summary}.`, ...(description === undefined ? [] : [description]), PAGES[path] ?? ''];
  if (isOpen) sentences.push('Needs no token.');
  if (role !== undefined) sentences.push(`Needs the role \`${role}\`.`);
  return [
    `### \`GET ${path}\``,
    sentences.filter((sentence) => sentence !== '').join(' '),
    ...parametersText(parameters),
    ...exampleText(route, example),
    ...answerText(route),
    ...errorsText(route),
  ].join('\n\n');
}

export const httpRoutes = (): Record<string, Route> =>
  routesOf(['1s', '1m'], { depthMax: LADDER_LEVELS_MAX, barsMax: BAR_HISTORY, tradesMax: TRADE_HISTORY });

export function httpText(): string {
  const examples = JSON.parse(readFileSync(EXAMPLES_FILE, 'utf8')) as Readonly<Record<string, HttpExample>>;
  return Object.entries(httpRoutes())
    .map(([path, route]) => routeText(path, route, examples[path]))
    .join('\n\n');
}
