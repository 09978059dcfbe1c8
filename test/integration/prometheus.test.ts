// The Grafana dashboard and the alert rules against the metrics of a running engine: every name, every label, every expression.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { faultPlanOf } from '../../engine/simulate/fault-plan.ts';
import { type Client, eventually } from '../support/live-engine.ts';
import { PROJECT } from '../support/live-engine-process.ts';
import { type Family, familiesOf, type Labels, Prometheus, promtool, type Series } from '../support/prometheus.ts';
import { SEED } from '../support/seed.ts';
import { VenueRun } from '../support/venue-run.ts';

const RULES = join(PROJECT, 'deploy/prometheus/alerts.yml');
const RULE_TESTS = join(PROJECT, 'deploy/prometheus/alerts.test.yml');
const DASHBOARD = join(PROJECT, 'deploy/grafana/millrace.json');

type Rule = {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Labels;
  readonly annotations: Labels;
};
type Panel = {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
};
type Dashboard = {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr?: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
};

const rules = (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const dashboard = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as Dashboard;

/** What Grafana makes of its variables with one of each chosen. */
function chosen(expression: string): string {
  return expression
    .replaceAll('$__rate_interval', '5s')
    .replaceAll('$instance', '.*')
    .replaceAll('$venue', '.*')
    .replaceAll('$stage', 'apply');
}

const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ of: title, expression: chosen(expr) })),
);
const annotations = dashboard.annotations.list.flatMap(({ expr }) =>
  expr === undefined ? [] : [{ of: 'annotation', expression: chosen(expr) }],
);
const alerts = rules.map(({ alert, expr }) => ({ of: alert, expression: expr }));
const all = [...queries, ...annotations, ...alerts];

type Matcher = { readonly label: string; readonly operator: string; readonly value: string };
type Selector = { readonly text: string; readonly name: string; readonly matchers: readonly Matcher[] };

/** The metrics that an expression names, with their matchers. */
function selectorsOf(expression: string): Selector[] {
  const found = expression.matchAll(/\b((?:millrace|process|nodejs)_\w+|up)\b(?:\{([^}]*)\})?/g);
  return [...found].map(([text, name, braces = '']) => ({
    text,
    name,
    matchers: [...braces.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label, operator, value]) => ({
      ...{ label, operator, value },
    })),
  }));
}

function fits({ label, operator, value }: Matcher, labels: Labels): boolean {
  const is = operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(labels[label] ?? '') : labels[label] === value;
  return operator.startsWith('!') ? !is : is;
}

/** Groups behind `by` and `on`, and legends, name labels too. */
function labelsNamed(expression: string): string[] {
  const groups = [...expression.matchAll(/\b(?:by|on|without|ignoring) \(([^)]*)\)/g)];
  return groups.flatMap(([, names]) => names.split(',').map((name) => name.trim()));
}

test('the alert rules are what promtool takes, and each fires on what it is for', async () => {
  const [checked, tried] = await Promise.all([
    promtool(['check', 'rules', RULES]),
    promtool(['test', 'rules', RULE_TESTS]),
  ]);
  assert.equal(checked.code, 0, checked.output);
  assert.equal(tried.code, 0, tried.output);
  const told = [...readFileSync(RULE_TESTS, 'utf8').matchAll(/ALERTS\{alertname="(\w+)"/g)].map(([, name]) => name);
  assert.deepEqual(new Set(told), new Set(rules.map(({ alert }) => alert)));
});

test('each alert has a duration, a severity, words, and a section that says what to do', () => {
  const guide = readFileSync(join(PROJECT, 'docs/troubleshooting.md'), 'utf8');
  const anchors = [...guide.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
  for (const { alert, for: duration, labels, annotations: words } of rules) {
    assert.match(duration, /^\d+[smh]$/, alert);
    assert.match(labels['severity'], /^(critical|warning|info)$/, alert);
    assert.ok(words['summary'].length > 0 && words['description'].length > 40, alert);
    assert.equal(words['runbook_url'], `docs/troubleshooting.md#${alert.toLowerCase()}`);
    assert.ok(anchors.includes(alert.toLowerCase()), `docs/troubleshooting.md has no section ${alert}`);
  }
});

test('each panel has a place, a unit, a description and the chosen data source', () => {
  const { panels, uid, schemaVersion } = dashboard;
  assert.deepEqual([uid, schemaVersion >= 36 && schemaVersion <= 39], ['millrace', true]);
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Set<string>();
  for (const { title, type, description = '', gridPos, fieldConfig, targets = [] } of panels) {
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!taken.has(`${x},${y}`), `${title} lies over another panel`);
        taken.add(`${x},${y}`);
      }
    }
    if (type === 'row') continue;
    assert.ok(description.length > 0 && targets.length > 0, title);
    if (type !== 'heatmap') assert.ok((fieldConfig?.defaults.unit ?? '') !== '', title);
    for (const { datasource } of targets) assert.equal(datasource.uid, '${' + 'datasource}', title);
  }
  const variables = new Set(dashboard.templating.list.map(({ name }) => name));
  const used =
    queries.length > 0 ? [...JSON.stringify(panels).matchAll(/\$\{?([a-z]\w*)/g)].map(([, name]) => name) : [];
  assert.deepEqual(
    used.filter((name) => !variables.has(name)),
    [],
  );
});

describe('an engine with a feed, a journal and a subscriber', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-metrics-'));
  let run: VenueRun;
  let prometheus: Prometheus;
  let subscriber: Client;
  let families: Map<string, Family>;
  let series: Series[];

  before(async () => {
    const journal = {
      folder,
      syncPolicy: 'interval',
      syncMs: 100,
      bytesMax: 2 ** 28,
      ageMsMax: 3.6e6,
      checkpointMs: 500,
    };
    run = await VenueRun.start(
      'binance',
      { markets: 4, rate: 200, seed: SEED },
      {
        feed: () => ({ breakerFailures: 1, breakerRetries: 1 }),
        engine: { journal: { ...journal, syncPolicy: 'interval' } },
      },
    );
    prometheus = await Prometheus.start(`127.0.0.1:${run.engine.engine.port}`, RULES);
    await run.allLive();
    subscriber = await run.engine.subscriber();
    await subscriber.subscribe('book.*', 'trade.*');
    // An error that a feed has met has a series from then on.
    run.simulator.inject({ kind: 'cut' });
    await eventually('a reconnect', async () => {
      const { body } = await run.engine.text('/metrics');
      return /feed_reconnects_total\{venue="binance"\} 1$/m.test(body) && /feed_slot_latency_seconds\{/.test(body);
    });
    await run.allLive();
    families = familiesOf((await run.engine.text('/metrics')).body);
    series = [...families.values()].flatMap((family) => family.series);
  });

  after(async () => {
    await prometheus?.stop();
    await run?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('answers a scrape that promtool has nothing against', async () => {
    const { body } = await run.engine.text('/metrics');
    assert.deepEqual(await promtool(['check', 'metrics'], body), { code: 0, output: '' });
  });

  test('has the metrics of docs/metrics.md, by type, labels and meaning, and no others', () => {
    const page = readFileSync(join(PROJECT, 'docs/metrics.md'), 'utf8');
    const documented = [...page.matchAll(/^\| (`\w+` \| .*) \| [^|]+ \|$/gm)].map(([, row]) => row);
    const rows = [...families.values()].map(({ name, type, help, series: own }) => {
      const labels = new Set(own.flatMap((each) => Object.keys(each.labels)).filter((label) => label !== 'le'));
      return `\`${name}\` | ${type} | ${[...labels].map((label) => `\`${label}\``).join(', ') || '–'} | ${help}`;
    });
    assert.deepEqual(documented.sort(), rows.sort());
  });

  test('has every metric and every label that a panel or an alert names', () => {
    const target: Series = { name: 'up', labels: {}, value: 1 };
    for (const { of, expression } of all) {
      for (const { text, name, matchers } of selectorsOf(expression)) {
        const own = [...series, target].filter((each) => each.name === name);
        assert.ok(own.length > 0, `${of}: no metric ${name}`);
        const isFound = own.some(({ labels }) =>
          matchers.every((matcher) => fits(matcher, { instance: 'here', job: 'millrace', ...labels })),
        );
        assert.ok(isFound, `${of}: no series ${text}`);
      }
      const names = selectorsOf(expression).map(({ name }) => name);
      const labels = new Set(
        series.filter(({ name }) => names.includes(name)).flatMap((each) => Object.keys(each.labels)),
      );
      for (const label of labelsNamed(expression))
        assert.ok(labels.has(label) || label === 'instance', `${of}: no label ${label}`);
    }
  });

  test('gives Prometheus data for every panel and every alert', async () => {
    await eventually(
      'rates',
      async () => (await prometheus.query('rate(millrace_market_updates_total[5s])')).length > 0,
    );
    for (const { of, expression } of all) {
      const found = await prometheus.query(expression);
      // Alerts, and tables of what is amiss, are empty while all is well: then each of their metrics must be there.
      const isFilter = alerts.some((alert) => alert.expression === expression) || /(==|> 0)/.test(expression);
      if (!isFilter) assert.ok(found.length > 0, `${of}: nothing for ${expression}`);
      for (const { text } of selectorsOf(expression))
        assert.ok((await prometheus.query(text)).length > 0, `${of}: nothing for ${text}`);
    }
  });

  test('raises alerts when its venue goes away, frames are broken, and it ends', async () => {
    const raised = async (): Promise<string[]> =>
      (await prometheus.alerts()).map(({ labels }) => labels['alertname']).sort();
    // A busy machine may be late: latency is no part of this.
    const expected = ['MillraceFramesRejected', 'MillraceBooksNotLive', 'MillraceFeedGivenUp', 'MillraceDegraded'];
    const found = async (): Promise<string[]> => (await raised()).filter((name) => expected.includes(name));
    await eventually('none of them before', async () => (await found()).length === 0);
    const producer = await run.engine.producer('json');
    for (let i = 0; i < 500; i++) producer.send('{');
    run.simulator.startFaults(faultPlanOf({ refuse: 10, outageMsMax: 600_000 }));
    run.simulator.inject({ kind: 'refuse' });
    run.simulator.inject({ kind: 'cut' });
    for (const alert of expected) await eventually(alert, async () => (await found()).includes(alert));
    await run.stop();
    await eventually('MillraceDown', async () => (await raised()).includes('MillraceDown'));
  });
});
