// The thread's memory that frames are scanned in by WebAssembly, and where the scanner leaves what it read.
//
//   0         VALUES        ROWS                       STAGE                    LARGE            GUARD
//   ├─ unused ─┼─ numbers ───┼─ rows of levels ─────────┼─ frames of a burst ────┼─ one frame ────┼─ zeros ─┤

import { UsageError } from '../base/errors.ts';

/** Address 0 says that something is not there, so nothing lies at it. */
export const VALUES_AT = 64;
const VALUES_BYTES = 4096 - VALUES_AT;
/** One level: price and quantity in milli and atto (f64), then a word of small numbers, padded to eight bytes. */
export const ROW_BYTES = 40;
export const ROW_F64 = ROW_BYTES / 8;
export const ROW_U32 = ROW_BYTES / 4;
/** The shortest level of a text: `["1","0"],`. */
const LEVEL_BYTES_MIN = 10;
/** Larger frames are read by the decoder of any JSON; depth updates are a tenth of this. */
export const LARGE_BYTES = 256 * 1024;
/** Room for the frames of one burst (engine/ingress/burst.ts). */
export const STAGE_BYTES = 256 * 1024;
export const ROWS_AT = VALUES_AT + VALUES_BYTES;
const ROWS_BYTES = Math.ceil(((LARGE_BYTES / LEVEL_BYTES_MIN + 1) * ROW_BYTES) / 64) * 64;
export const STAGE_AT = ROWS_AT + ROWS_BYTES;
export const LARGE_AT = STAGE_AT + STAGE_BYTES;
/** Never written: a zero ends digits and texts alike, so no scan leaves the memory. */
const GUARD_BYTES = 256;

const PAGE_BYTES = 65_536;
export const FRAME_MEMORY_PAGES = Math.ceil((LARGE_AT + LARGE_BYTES + GUARD_BYTES) / PAGE_BYTES);

/** Of a fixed size: it never grows, so its views stay. Thread: each has its own. */
export const frameMemory = allocate();
export const frameBytes = new Uint8Array(frameMemory.buffer);
export const frameView = new DataView(frameMemory.buffer);
export const frameF64 = new Float64Array(frameMemory.buffer);
export const frameU32 = new Uint32Array(frameMemory.buffer);
export const VALUES_F64 = VALUES_AT / 8;

/** Node reserves about 10 GB of addresses (no memory) around it, so that no access needs a check. */
function allocate(): WebAssembly.Memory {
  if (typeof WebAssembly === 'undefined')
    throw new UsageError('Node: expected one with WebAssembly, was started without it (--jitless)');
  try {
    return new WebAssembly.Memory({ initial: FRAME_MEMORY_PAGES, maximum: FRAME_MEMORY_PAGES });
  } catch {
    throw new UsageError(
      'Node: expected room for the memory of WebAssembly, was refused it: start Node with --disable-wasm-trap-handler, ' +
        'or raise the limit of address space (ulimit -v)',
    );
  }
}
