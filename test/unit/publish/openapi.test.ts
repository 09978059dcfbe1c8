// `/openapi.json`: OpenAPI 3.1 by its own rules, and every route the engine has with what it takes and answers.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openApiJson } from '../../../engine/publish/openapi.ts';

type Parameter = { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: object };
type Response = { readonly description: string; readonly content?: Readonly<Record<string, { schema: object }>> };
type Operation = {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly responses: Readonly<Record<string, Response>>;
  readonly security?: readonly object[];
};
type Description = {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly components: { readonly schemas: Readonly<Record<string, object>>; readonly securitySchemes: object };
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly paths: Readonly<Record<string, { readonly get: Operation }>>;
};

const text = openApiJson(['1s', '1m'], { depthMax: 9, barsMax: 5, tradesMax: 5 });
const description = JSON.parse(text) as Description;
const operations = Object.entries(description.paths).map(([path, { get }]) => ({ path, ...get }));

test('it says what it is, and every operation has an id of its own', () => {
  assert.match(description.openapi, /^3\.1\.\d$/);
  assert.ok(description.info.title !== '' && description.info.version !== '');
  const ids = operations.map(({ operationId }) => operationId);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.every((id) => /^[a-z][A-Za-z0-9_]*$/.test(id)));
});

test('every reference leads to a schema, and every schema is used', () => {
  const named = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]);
  assert.deepEqual([...new Set(named)].sort(), Object.keys(description.components.schemas).sort());
});

test('the parameters in a path are those in its braces, and names are there once', () => {
  for (const { path, parameters } of operations) {
    const braced = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const inPath = parameters.filter((parameter) => parameter.in === 'path');
    assert.deepEqual(
      inPath.map(({ name }) => name),
      braced,
      path,
    );
    assert.ok(
      inPath.every(({ required }) => required),
      path,
    );
    assert.equal(new Set(parameters.map(({ name }) => name)).size, parameters.length, path);
    assert.ok(
      parameters.every(({ schema }) => 'type' in schema),
      path,
    );
  }
});

test('every answer is described, and whatever asks for a token may refuse', () => {
  for (const { path, responses, security } of operations) {
    assert.ok('200' in responses, path);
    for (const [status, response] of Object.entries(responses)) {
      assert.match(status, /^[2-5]\d\d$/);
      assert.ok(response.description !== '', path);
    }
    const isOpen = security?.length === 0;
    assert.equal(isOpen, ['/health', '/ready'].includes(path), path);
    assert.equal('401' in responses && '403' in responses, !isOpen, path);
  }
});

test('it has every route of the engine, and no other', () => {
  const source = readFileSync(new URL('../../../engine/publish/api.ts', import.meta.url), 'utf8');
  const routed = [...source.matchAll(/this\.(?:open|guarded|admitted)\(app, '([^']+)'/g)].map((match) => match[1]);
  assert.ok(routed.length > 10);
  const described = new Set(operations.map(({ path }) => path.replace(/\{.*$/, '*')));
  assert.deepEqual([...described].sort(), [...new Set(routed)].sort());
});
