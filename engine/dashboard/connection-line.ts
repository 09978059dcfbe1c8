// Says in the header whether the page is connected: sign, word and colour; changes are told to readers of the screen.

import { byId, setText } from './element.ts';
import type { ConnectionState } from './stream-source.ts';

const SHOWN: Readonly<Record<ConnectionState, readonly [look: string, sign: string, text: string]>> = {
  paused: ['wait', '‖', 'paused'],
  connecting: ['wait', '…', 'connecting'],
  live: ['live', '●', 'connected'],
  reconnecting: ['bad', '✕', 'disconnected, reconnecting'],
  refused: ['bad', '✕', 'disconnected: a token is needed'],
};

export class ConnectionLine {
  private readonly announce: (text: string) => void;
  private reconnects = 0;
  private state: ConnectionState = 'connecting';

  constructor(announce: (text: string) => void) {
    this.announce = announce;
  }

  show(state: ConnectionState, why: string): void {
    if (state === 'live' && this.state === 'reconnecting') this.reconnects++;
    const [look, sign, text] = SHOWN[state];
    byId('connection').dataset['state'] = look;
    document.body.dataset['connection'] = look;
    setText(byId('connection-sign'), sign);
    const times = state === 'live' && this.reconnects > 0 ? ` (again, ${this.reconnects}×)` : '';
    setText(byId('connection-text'), `${text}${why === '' ? '' : `: ${why}`}${times}`);
    if (state !== this.state) this.announce(`Connection: ${text}`);
    this.state = state;
  }
}
