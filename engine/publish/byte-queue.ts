// Bytes in order, appended behind and dropped before, in pages of memory outside of the heap. Hot path on main.

/** A page: a dozen messages. A quiet topic holds one. */
const PAGE_BYTES = 4_096;
/** Pages are cut from blocks of this size, which are kept for good. */
const BLOCK_BYTES = 1024 * 1024;
/** One UTF-16 unit is three bytes of UTF-8 at most. */
const UTF8_BYTES_MAX = 3;
const SCRATCH_BYTES = 64 * 1024;
/** Where a text is written that may not fit the last page. */
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** Pages that all queues of one engine share. */
export class PagePool {
  private readonly free: Buffer[] = [];

  take(): Buffer {
    if (this.free.length === 0) this.addBlock();
    return this.free.pop() as Buffer;
  }

  give(page: Buffer): void {
    this.free.push(page);
  }

  private addBlock(): void {
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    for (let at = 0; at < BLOCK_BYTES; at += PAGE_BYTES) this.free.push(block.subarray(at, at + PAGE_BYTES));
  }
}

/**
 * Positions count bytes since the queue began; a message may lie over several pages.
 *
 *   dropped | page [first, first + PAGE_BYTES) | page … | last page, filled up to end
 */
export class ByteQueue {
  /** Position behind the last byte. */
  end = 0;
  private first = 0;
  private pages: Buffer[] = [];
  private readonly pool: PagePool;

  constructor(pool: PagePool) {
    this.pool = pool;
  }

  /** Bytes free in the last page. */
  private get room(): number {
    return this.first + this.pages.length * PAGE_BYTES - this.end;
  }

  /** Appends a text as UTF-8 and returns its bytes, which stay valid until the next append or drop of any queue. */
  appendText(text: string): Uint8Array {
    const bytesMax = text.length * UTF8_BYTES_MAX;
    const { room } = this;
    if (bytesMax > room) {
      const bytes = bytesMax > SCRATCH_BYTES ? Buffer.from(text) : scratch.subarray(0, scratch.write(text));
      this.append(bytes);
      return bytes;
    }
    const page = this.pages[this.pages.length - 1];
    const at = PAGE_BYTES - room;
    const written = page.write(text, at);
    this.end += written;
    return new Uint8Array(page.buffer, page.byteOffset + at, written);
  }

  /** Appends a copy of the bytes. */
  append(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      if (this.room === 0) this.pages.push(this.pool.take());
      const { room } = this;
      const to = Math.min(bytes.length, from + room);
      this.pages[this.pages.length - 1].set(bytes.subarray(from, to), PAGE_BYTES - room);
      this.end += to - from;
      from = to;
    }
  }

  /** Gives back the pages that lie before a position. */
  dropTo(position: number): void {
    const count = Math.min(this.pages.length, Math.floor((position - this.first) / PAGE_BYTES));
    if (count <= 0) return;
    for (const page of this.pages.splice(0, count)) this.pool.give(page);
    this.first += count * PAGE_BYTES;
  }

  /** A copy of the bytes between two positions. */
  read(from: number, to: number): Buffer {
    const bytes = Buffer.allocUnsafe(to - from);
    for (let at = from; at < to; ) {
      const index = Math.floor((at - this.first) / PAGE_BYTES);
      const start = at - this.first - index * PAGE_BYTES;
      const length = Math.min(to - at, PAGE_BYTES - start);
      bytes.set(this.pages[index].subarray(start, start + length), at - from);
      at += length;
    }
    return bytes;
  }

  clear(): void {
    for (const page of this.pages) this.pool.give(page);
    this.pages = [];
    this.first = this.end;
  }
}
