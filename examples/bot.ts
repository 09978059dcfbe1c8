// A bot on paper: holds one when the bids of a book outweigh its asks, owes one when the asks do, and says what that earns.
// While `npm start` runs: npx tsx examples/bot.ts [VENUE:SYMBOL] [THRESHOLD]

import { createClient, type PriceLevel } from 'millrace/client';

const [market = 'synthetic:BTC-USDT', threshold = '0.5'] = process.argv.slice(2);
const LEVELS = 5;
const client = createClient({ url: process.env['MILLRACE_URL'] ?? 'ws://127.0.0.1:9002' });
client.onState(({ state }) => console.error(`connection: ${state}`));

const sum = (levels: readonly PriceLevel[]): number => levels.reduce((total, { amount }) => total + Number(amount), 0);
let position = 0;
let cash = 0;

for await (const book of client.book(market)) {
  const { bid, ask } = book.best;
  // What is not known to be right is nothing to act on.
  if (!book.isLive || !book.isVerified || bid === null || ask === null) continue;
  const { bids, asks } = book.top(LEVELS);
  const imbalance = (sum(bids) - sum(asks)) / (sum(bids) + sum(asks));
  const wanted = Math.abs(imbalance) < Number(threshold) ? position : Math.sign(imbalance);
  if (wanted === position) continue;
  const price = Number(wanted > position ? ask.price : bid.price);
  cash -= (wanted - position) * price;
  const act = `${wanted > position ? 'buy' : 'sell'} ${Math.abs(wanted - position)} at ${price}`;
  position = wanted;
  const worth = cash + (position * (Number(bid.price) + Number(ask.price))) / 2;
  console.log(`${book.timestamp} would ${act}, imbalance ${imbalance.toFixed(2)}, result ${worth.toFixed(2)}`);
}
