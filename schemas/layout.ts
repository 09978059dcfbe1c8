// Builds the byte offsets of fixed-size records from lists of fields, and refuses a layout that could not be read back.

/** Bytes of one ring slot: one cache line, so a record never shares a line with its neighbour. */
export const SLOT_BYTES = 64;
export const SLOT_F64 = SLOT_BYTES / 8;
export const SLOT_U32 = SLOT_BYTES / 4;
export const SLOT_U16 = SLOT_BYTES / 2;

type FieldKind = 'u8' | 'u16' | 'u32' | 'i32' | 'f64';

export type Field = { readonly kind: FieldKind; readonly meaning: string };

const FIELD_BYTES: Readonly<Record<FieldKind, number>> = { u8: 1, u16: 2, u32: 4, i32: 4, f64: 8 };

export const u8 = (meaning: string): Field => ({ kind: 'u8', meaning });
export const u16 = (meaning: string): Field => ({ kind: 'u16', meaning });
export const u32 = (meaning: string): Field => ({ kind: 'u32', meaning });
export const i32 = (meaning: string): Field => ({ kind: 'i32', meaning });
export const f64 = (meaning: string): Field => ({ kind: 'f64', meaning });

type Fields = Readonly<Record<string, Field>>;

export type Layout<F extends Fields> = {
  readonly name: string;
  readonly type: number;
  readonly sizeBytes: number;
  /** Offset of each field from the record's start, counted in the field's own element size. */
  readonly at: { readonly [K in keyof F]: number };
  readonly fields: F;
};

function place(name: string, fields: Fields, limitBytes: number): Record<string, number> {
  const at: Record<string, number> = {};
  let offset = 0;
  for (const [field, { kind }] of Object.entries(fields)) {
    const size = FIELD_BYTES[kind];
    if (size === undefined)
      throw new Error(`layout ${name}.${field}: expected a known field kind, was ${String(kind)}`);
    if (offset % size !== 0) {
      throw new Error(`layout ${name}.${field}: expected an offset that is a multiple of ${size}, was ${offset}`);
    }
    at[field] = offset / size;
    offset += size;
  }
  if (offset > limitBytes) throw new Error(`layout ${name}: expected at most ${limitBytes} bytes, was ${offset}`);
  return at;
}

/** The four fields every slot begins with; dispatch reads them before it knows the record's type. */
const slotHeader = {
  type: u8('RecordType'),
  flags: u8('bits, per record type'),
  market: u16('market id'),
  count: u32('per record type: matches of a trade, levels of a change, frames of a stamp'),
};

/** A record of one ring slot; `fields` follow the slot header at byte 8. */
export function defineRecord<F extends Fields>(name: string, type: number, fields: F): Layout<typeof slotHeader & F> {
  const all = { ...slotHeader, ...fields };
  return Object.freeze({
    name,
    type,
    sizeBytes: SLOT_BYTES,
    at: Object.freeze(place(name, all, SLOT_BYTES)) as Layout<typeof slotHeader & F>['at'],
    fields: all,
  });
}

/** A block of shared memory that is not a ring record: a control block, a row of a table. */
export function defineBlock<F extends Fields>(name: string, sizeBytes: number, fields: F): Layout<F> {
  return Object.freeze({
    name,
    type: 0,
    sizeBytes,
    at: Object.freeze(place(name, fields, sizeBytes)) as Layout<F>['at'],
    fields,
  });
}
