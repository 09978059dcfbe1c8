// Names of Kraken's pairs: WebSocket v2 says `BTC/USD` where REST says `XBTUSD`, and v1 `XBT/USD`.
//
// Source: Kraken WebSocket v2 docs, "Instrument" and "Migration from v1" (2026-05): two assets have other names in v2.

const V2_NAMES: Readonly<Record<string, string>> = { XBT: 'BTC', XDG: 'DOGE' };
const OLD_NAMES: Readonly<Record<string, string>> = { BTC: 'XBT', DOGE: 'XDG' };

function renamed(pair: string, names: Readonly<Record<string, string>>): string {
  return pair
    .split('/')
    .map((asset) => names[asset] ?? asset)
    .join('/');
}

/** `XBT/USD` to `BTC/USD`. */
export function v2Symbol(wsname: string): string {
  return renamed(wsname, V2_NAMES);
}

/** `BTC/USD` to `XBT/USD`. */
export function v1Symbol(symbol: string): string {
  return renamed(symbol, OLD_NAMES);
}

/** `BTC/USD` to `XBTUSD`, as REST's `altname`. */
export function restPair(symbol: string): string {
  return v1Symbol(symbol).replace('/', '');
}
