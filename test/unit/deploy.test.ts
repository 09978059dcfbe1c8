// The files for Docker, compose, Prometheus, Grafana and systemd: read by real readers where there are some, else strictly.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { SHUTDOWN_TIMEOUT_MS } from '../../schemas/config.ts';
import { PROJECT } from '../support/live-engine-process.ts';

const text = (path: string): string => readFileSync(join(PROJECT, path), 'utf8');
const PACKAGE = JSON.parse(text('package.json')) as { version: string; files: string[] };

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-deploy-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** `millrace config` with these flags and variables; its output, or the sentence it says. */
function configOf(parameters: readonly string[], environment: Readonly<Record<string, string>>): string {
  const loader = ['--import', join(PROJECT, 'test/support/typescript.mjs'), join(PROJECT, 'engine/cli.ts')];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...loader, 'config', ...parameters], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...environment },
  });
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /unknown|expected/);
  return stdout;
}

type Line = { readonly word: string; readonly rest: string };

/** Instructions of a Dockerfile: comments out, continued lines joined. */
function dockerfile(source: string): Line[] {
  const lines = source
    .replace(/^\s*#.*$/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n');
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => ({ word: line.split(/\s/, 1)[0], rest: line.replace(/^\S+\s+/, '') }));
}

const KNOWN = [
  ...['ARG', 'FROM', 'WORKDIR', 'COPY', 'RUN', 'LABEL', 'ENV', 'VOLUME', 'USER', 'EXPOSE', 'STOPSIGNAL'],
  ...['HEALTHCHECK', 'ENTRYPOINT', 'CMD'],
];
const isPinned = (image: string): boolean => /:v?\d+\.\d+\.\d+(-[\w.-]+)?$/.test(image);
const isPacked = (path: string): boolean =>
  PACKAGE.files.some((entry) => !entry.startsWith('!') && (path === entry || path.startsWith(`${entry}/`)));

describe('the Dockerfile', () => {
  const lines = dockerfile(text('Dockerfile'));
  const all = (word: string): string[] => lines.filter((line) => line.word === word).map(({ rest }) => rest);
  const last = lines.slice(lines.findLastIndex(({ word }) => word === 'FROM'));
  const inLast = (word: string): string => last.find((line) => line.word === word)?.rest ?? '';

  test('has known instructions and a pinned image in each stage', () => {
    assert.deepEqual(
      lines.filter(({ word }) => !KNOWN.includes(word)),
      [],
    );
    const [, image] = /^NODE_IMAGE=(\S+)$/.exec(all('ARG')[0]) ?? [];
    assert.ok(isPinned(image), image);
    assert.match(image, /^node:20\.\d+\.\d+-bookworm-slim$/);
    for (const stage of all('FROM')) assert.match(stage, /^\$\{NODE_IMAGE\} AS [a-z]+$/);
  });

  test('copies from stages before and from files that the context has', () => {
    const stages: string[] = [];
    const ignored = text('.dockerignore').split('\n');
    for (const { word, rest } of lines) {
      if (word === 'FROM') stages.push(rest.split(' AS ')[1]);
      if (word !== 'COPY') continue;
      const [, from] = /^--from=(\S+)/.exec(rest) ?? [];
      const sources = rest
        .replace(/^--\S+\s+/, '')
        .split(/\s+/)
        .slice(0, -1);
      if (from !== undefined) assert.ok(stages.slice(0, -1).includes(from), rest);
      else for (const name of sources) assert.ok(existsSync(join(PROJECT, name)) && !ignored.includes(name), name);
    }
    for (const name of ['.git', 'node_modules', 'dist', 'deploy/secrets']) assert.ok(ignored.includes(name), name);
  });

  test('runs as a user, ends on SIGTERM, and starts files that the package has', () => {
    assert.equal(inLast('USER'), 'node');
    assert.ok(last.findIndex(({ word }) => word === 'USER') < last.findIndex(({ word }) => word === 'ENTRYPOINT'));
    assert.equal(inLast('STOPSIGNAL'), 'SIGTERM');
    const entry = JSON.parse(inLast('ENTRYPOINT')) as string[];
    const [, check] = /CMD (\[.*\])$/.exec(inLast('HEALTHCHECK')) ?? [];
    for (const command of [entry, JSON.parse(check) as string[]]) {
      assert.equal(command[0], 'node');
      const path = command[1].replace('/app/', '');
      assert.ok(isPacked(path), path);
      assert.ok(existsSync(join(PROJECT, path.replace(/^dist\/(.*)\.js$/, '$1.ts'))), path);
    }
    assert.deepEqual(JSON.parse(inLast('CMD')), ['start']);
    assert.deepEqual(inLast('EXPOSE'), '9001 9002');
    const variables = inLast('ENV')
      .trim()
      .split(/\s+/)
      .map((pair) => pair.split('=') as [string, string]);
    assert.match(configOf(['--token', 'x'], Object.fromEntries(variables)), /0\.0\.0\.0/);
  });
});

type Service = {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
  readonly stop_grace_period?: string;
};
type Compose = {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

describe('compose.yaml', () => {
  const compose = parse(text('compose.yaml')) as Compose;
  const services = Object.entries(compose.services);

  test('names images, services, volumes and secrets that there are, and ports of this machine alone', () => {
    assert.deepEqual(Object.keys(compose.services), ['millrace', 'prometheus', 'grafana']);
    for (const [name, { image, ports, volumes, secrets, depends_on: before }] of services) {
      assert.ok(isPinned(image), image);
      for (const port of ports ?? []) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/, name);
      for (const secret of secrets ?? []) assert.ok(secret in compose.secrets, secret);
      for (const other of Array.isArray(before) ? before : Object.keys(before ?? {}))
        assert.ok(other in compose.services);
      for (const volume of volumes ?? []) {
        const [source] = volume.split(':');
        if (source.startsWith('./')) assert.ok(existsSync(join(PROJECT, source)) && volume.endsWith(':ro'), volume);
        else assert.ok(source in compose.volumes, volume);
      }
    }
    assert.equal(compose.services['millrace'].image, `millrace:${PACKAGE.version}`);
  });

  test('starts Millrace with settings that it takes', () => {
    const {
      command = [],
      environment = {},
      secrets = [],
      stop_grace_period: grace = '',
    } = compose.services['millrace'];
    assert.equal(command[0], 'start');
    const shown = configOf(command.slice(1), environment);
    for (const secret of secrets) assert.ok(environment['MILLRACE_ROLE_TOKEN_FILE'].includes(`/run/secrets/${secret}`));
    assert.match(shown, /var\/lib\/millrace/);
    assert.ok(Number.parseInt(grace, 10) * 1000 > SHUTDOWN_TIMEOUT_MS);
  });

  test('has its secrets made by a script, once', () => {
    const copy = join(folder, 'deploy');
    mkdirSync(copy);
    cpSync(join(PROJECT, 'deploy/secrets.sh'), join(copy, 'secrets.sh'));
    execFileSync(join(copy, 'secrets.sh'));
    const files = Object.values(compose.secrets).map(({ file }) => join(folder, file));
    const made = files.map((file) => readFileSync(file, 'utf8'));
    for (const secret of made) assert.match(secret, /^[\w-]{43}$/);
    assert.equal(new Set(made).size, 3);
    assert.equal(statSync(join(copy, 'secrets')).mode & 0o077, 0);
    execFileSync(join(copy, 'secrets.sh'));
    assert.deepEqual(
      files.map((file) => readFileSync(file, 'utf8')),
      made,
    );
  });

  test('gives Prometheus a configuration and rules that its own reader takes', () => {
    const [source, secret] = [text('deploy/prometheus/prometheus.yml'), join(folder, 'read')];
    const { scrape_configs: jobs } = parse(source) as { scrape_configs: { static_configs: { targets: string[] }[] }[] };
    assert.deepEqual(jobs[0].static_configs[0].targets, ['millrace:9002']);
    assert.ok(compose.services['prometheus'].secrets?.some((name) => source.includes(`/run/secrets/${name}`)));
    writeFileSync(secret, 'token');
    cpSync(join(PROJECT, 'deploy/prometheus/alerts.yml'), join(folder, 'alerts.yml'));
    writeFileSync(join(folder, 'prometheus.yml'), source.replace(/\/run\/secrets\/\w+/, secret));
    execFileSync('promtool', ['check', 'config', join(folder, 'prometheus.yml')], { stdio: 'pipe' });
  });

  test('gives Grafana the data source and the dashboard', () => {
    const source = parse(text('deploy/grafana/provisioning/datasources/prometheus.yaml'));
    const url = new URL(source.datasources[0].url);
    const inside = compose.services[url.hostname].ports?.map((port) => port.split(':')[2]);
    assert.deepEqual([source.datasources[0].type, inside], ['prometheus', [url.port]]);
    const { providers } = parse(text('deploy/grafana/provisioning/dashboards/millrace.yaml'));
    const mounts = (compose.services['grafana'].volumes ?? []).map((volume) => volume.split(':'));
    const dashboard = mounts.find(([, target]) => dirname(target) === providers[0].options.path);
    assert.equal(basename(dashboard?.[0] ?? ''), 'millrace.json');
    assert.ok(JSON.parse(text(dashboard?.[0] ?? '')).panels.length > 0);
    assert.ok(
      mounts.some(([path, target]) => path.endsWith('/provisioning') && target === '/etc/grafana/provisioning'),
    );
  });
});

describe('the systemd unit', () => {
  const unit = text('deploy/millrace.service');
  const value = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

  test('is right to systemd', () => {
    const command = join(folder, 'millrace');
    writeFileSync(command, '#!/bin/sh\n');
    chmodSync(command, 0o755);
    const copy = join(folder, 'millrace.service');
    writeFileSync(copy, unit.replace('/usr/local/bin/millrace', command));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', copy], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /millrace\.service/);
  });

  test('starts Millrace with settings that it takes, and lets it drain', () => {
    const [, command, ...parameters] = value('ExecStart').split(/\s+/);
    assert.equal(command, 'start');
    const config = join(folder, 'millrace.yaml');
    writeFileSync(config, 'feed: [synthetic]\n');
    const variables = value('Environment')
      .split(/\s+/)
      .map((pair) => pair.replace('%d', folder).split('='));
    configOf(
      parameters.map((part) => (part.endsWith('.yaml') ? config : part)),
      Object.fromEntries(variables),
    );
    assert.ok(Number.parseInt(value('TimeoutStopSec'), 10) * 1000 > SHUTDOWN_TIMEOUT_MS);
    assert.equal(value('Restart'), 'on-failure');
    assert.ok(value('Environment').includes(`/var/lib/${value('StateDirectory')}`));
  });

  test('is closed but for what the engine needs', () => {
    for (const name of ['DynamicUser', 'NoNewPrivileges', 'ProtectHome', 'PrivateTmp', 'RestrictNamespaces'])
      assert.equal(value(name), 'yes', name);
    assert.equal(value('ProtectSystem'), 'strict');
    assert.equal(value('CapabilityBoundingSet'), '');
    assert.ok(Number(value('LimitNOFILE')) >= 65_536);
  });
});
