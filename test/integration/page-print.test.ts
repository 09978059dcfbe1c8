// The page on paper: light whatever the screen is, nothing to press, every panel whole and drawn, seen or not.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Chromium } from '../support/browser.ts';
import { Dashboard, DESK, type Fed, fed, shot } from '../support/dashboard.ts';
import { eventually } from '../support/live-engine.ts';

const FRAME_LATE_MS = 500;

let browser: Chromium;
let source: Fed;
before(async () => {
  browser = await Chromium.start();
  source = await fed();
});
after(async () => {
  await browser.close();
  await source.feed.stop();
  await source.engine.stop();
});

test('a dark page is printed light, with the time, without controls, and no panel cut', async () => {
  const page = await Dashboard.open(browser, source.engine.engine.port, DESK, 'dark');
  const { watched } = page;
  const theme = (): Promise<string> => watched.page.evaluate('document.documentElement.dataset.theme');
  await page.filled();
  await eventually('the engine', async () => /\d/.test(await watched.text('#pulse-p99')));
  assert.equal(await watched.text('#health-panel .status'), '', 'never scrolled to');
  // Frames that were asked for on the screen come once it is paper.
  await watched.page.evaluate(`{
    const asked = requestAnimationFrame;
    window.requestAnimationFrame = (draw) => setTimeout(() => asked(draw), ${FRAME_LATE_MS});
  }`);
  await sleep(FRAME_LATE_MS);
  await watched.page.emulateMedia({ media: 'print' });
  await eventually('light', async () => (await theme()) === 'light');
  await shot(watched, 'paper', true);
  const candles = "getComputedStyle(document.querySelector('#candles-panel .chart')).filter";
  assert.match(await watched.page.evaluate(candles), /invert/, 'drawn for a dark screen');
  await sleep(2 * FRAME_LATE_MS);
  const drawn = `[...document.querySelectorAll('#candles-panel .chart canvas')].map((canvas) =>
    [...canvas.getContext('2d').getImageData(canvas.width >> 1, 2, 1, 1).data])`;
  const pixels: number[][] = await watched.page.evaluate(drawn);
  const opaque = pixels.filter(([, , , alpha]) => alpha === 255);
  assert.ok(opaque.length > 0 && opaque.every(([red]) => red < 128), `still dark, was ${JSON.stringify(pixels)}`);
  assert.match(await watched.text('#printed'), /^As of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
  assert.match(await watched.text('#health-panel .status'), /ok|degraded/);
  assert.equal(
    await watched.page.locator('button:visible, input:visible').count(),
    await page.markets().then((all) => all.length),
  );
  const cut = `[...document.querySelectorAll('.panel')].filter((each) => getComputedStyle(each).breakInside !== 'avoid')`;
  assert.equal(await watched.page.evaluate(`${cut}.length`), 0);
  assert.equal(await watched.isWiderThanWindow(), false);
  await watched.page.emulateMedia({ media: null });
  await eventually('dark again', async () => (await theme()) === 'dark');
  const sheets = (await watched.page.pdf({ preferCSSPageSize: true })).toString('latin1').matchAll(/\/Count (\d+)/g);
  assert.ok(Math.max(...Array.from(sheets, ([, count]) => Number(count))) >= 5);
  assert.deepEqual([await theme(), watched.complaints], ['dark', []]);
  await page.close();
});
