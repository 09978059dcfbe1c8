// Texts that name signals: `rsi`, `rsi(14)@5m`, `rsi(14)@1m>70`; checked against the catalogue of schemas/signals.ts.

import { SIGNAL_CATALOGUE, type SignalEntry, type SignalInput, type SignalParameter } from '../../schemas/signals.ts';
import { UsageError } from './errors.ts';

/** A value passed upward gives the event `above` and back `below`, or the other way round; null for none. */
export type Threshold = { readonly isAbove: boolean; readonly value: number };

export type SignalSpec = {
  /** As written, which is what channels and reports say. */
  readonly name: string;
  /** Name in the catalogue, or that a user's file gives. */
  readonly base: string;
  readonly input: SignalInput;
  readonly parameters: readonly number[];
  readonly outputs: readonly string[];
  /** Name of the bar kind it works on; null where bars do not drive it. */
  readonly barKind: string | null;
  readonly threshold: Threshold | null;
  /** Place of the user's file in the engine's list; -1 for a built-in one. */
  readonly user: number;
};

/** Bars that indicators work on where nothing else is said. */
const USUAL_BAR_KIND = '1m';
const NAME = /^([a-z][a-z0-9-]{0,39})(?:\(([^)]*)\))?(?:@([0-9a-z.]{1,24}))?(?:([<>])(-?\d+(?:\.\d+)?))?$/;

function refuse(name: string, expected: string): never {
  throw new UsageError(`--signals: expected ${expected}, was ${JSON.stringify(name)}`);
}

function parameterOf(name: string, parameter: SignalParameter, text: string): number {
  const value = Number(text);
  const isNumber = /^\d+(\.\d+)?$/.test(text) && (!parameter.isWhole || Number.isInteger(value));
  if (isNumber && value >= parameter.least && value <= parameter.most) return value;
  const kind = parameter.isWhole ? 'a whole number' : 'a number';
  return refuse(name, `${parameter.name} to be ${kind} from ${parameter.least} to ${parameter.most}`);
}

function parametersOf(name: string, entry: SignalEntry, text: string | undefined): number[] {
  const given = text === undefined || text.trim() === '' ? [] : text.split(',').map((part) => part.trim());
  if (given.length > entry.parameters.length) refuse(name, `at most ${entry.parameters.length} parameters`);
  return entry.parameters.map((parameter, index) =>
    given[index] === undefined ? parameter.usual : parameterOf(name, parameter, given[index]),
  );
}

/** One signal by its text; `users` are those of the user's files. Throws a UsageError that says what is allowed. */
export function signalSpecOf(text: string, users: readonly SignalSpec[] = []): SignalSpec {
  const name = text.replaceAll(/\s/g, '');
  const user = users.find((each) => each.name === name);
  if (user !== undefined) return user;
  const match = NAME.exec(name);
  if (match === null) refuse(name, 'a signal such as imbalance, rsi(14)@1m or rsi(14)@1m>70');
  const [, base, parameters, barKind, sign, limit] = match;
  const entry = SIGNAL_CATALOGUE.find((each) => each.name === base);
  if (entry === undefined) refuse(name, `one of ${SIGNAL_CATALOGUE.map((each) => each.name).join(', ')}`);
  if (barKind !== undefined && entry.input !== 'bar')
    refuse(name, `no bar kind: ${base} is computed from ${entry.input}s`);
  return {
    name,
    base,
    input: entry.input,
    parameters: parametersOf(name, entry, parameters),
    outputs: entry.outputs,
    barKind: entry.input === 'bar' ? (barKind ?? USUAL_BAR_KIND) : null,
    threshold: sign === undefined ? null : { isAbove: sign === '>', value: Number(limit) },
    user: -1,
  };
}

/** Texts of a list that may hold parameters: commas inside parentheses do not part them. */
export function splitSignals(text: string): string[] {
  return text.split(/,(?![^(]*\))/).map((part) => part.trim());
}
