// Keeps the frames of channels that are not known yet, for the `subscribed` event that comes after them.
//
// Two such frames are in the recording of 2021. What is kept is bounded: a peer may name any number of channels.

/** Bytes kept in all, and of how many channels: the largest snapshot (250 levels a side) has about 16 KiB. */
const BYTES_MAX = 1024 * 1024;
const CHANNELS_MAX = 64;

type HeldChannel = { readonly frames: Uint8Array[]; bytes: number; isCut: boolean };

export class HeldFrames {
  private readonly channels = new Map<number, HeldChannel>();
  private bytes = 0;
  /** A channel whose frames were given out; they go when the next data frame shows that its event was accepted. */
  private given = -1;

  /** Copies the frame; false where there is no room for it. */
  keep(channelId: number, bytes: Uint8Array, end: number): boolean {
    let held = this.channels.get(channelId);
    if (held === undefined) {
      if (this.channels.size === CHANNELS_MAX) return false;
      held = { frames: [], bytes: 0, isCut: false };
      this.channels.set(channelId, held);
    }
    if (held.isCut || this.bytes + end > BYTES_MAX) {
      this.cut(held);
      return false;
    }
    held.frames.push(bytes.slice(0, end));
    held.bytes += end;
    this.bytes += end;
    return true;
  }

  /** A part of what came is no use for a book: nothing of it is kept. */
  private cut(held: HeldChannel): void {
    this.bytes -= held.bytes;
    held.bytes = 0;
    held.frames.length = 0;
    held.isCut = true;
  }

  /** True where frames of this channel had to be let go. */
  isCut(channelId: number): boolean {
    return this.channels.get(channelId)?.isCut ?? false;
  }

  /** The frames of a channel in their order. They stay: an event with escapes is decoded a second time. */
  give(channelId: number): readonly Uint8Array[] {
    if (this.given !== channelId) this.drop();
    this.given = channelId;
    return this.channels.get(channelId)?.frames ?? [];
  }

  /** Forgets what was given out. */
  drop(): void {
    if (this.given < 0) return;
    this.bytes -= this.channels.get(this.given)?.bytes ?? 0;
    this.channels.delete(this.given);
    this.given = -1;
  }
}
