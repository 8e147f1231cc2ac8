import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ByteName, type BytePath, byteStringOfText } from '../byteString.ts';
import { decisionText } from './decision.ts';
import { DirectoryRules, type RuleOptions, ruleOptionsDefault } from './directoryRules.ts';
import { isOwnSiblingName, ownSiblingName } from './ownNames.ts';
import { gitIgnoreName, parseRuleFile } from './ruleFile.ts';

const none = { gitIgnore: undefined, ownIgnore: undefined };
const rulesOf = (content: string | Uint8Array, options: Partial<RuleOptions> = {}): DirectoryRules => {
  const all = { ...ruleOptionsDefault, ...options };
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return DirectoryRules.root(all, { ...none, gitIgnore: parseRuleFile(bytes, { directory: '' as BytePath, name: gitIgnoreName, ignoreCase: all.ignoreCase }) });
};
const keeps = (rules: DirectoryRules, name: string, kind: 'file' | 'directory' = 'file'): boolean =>
  rules.decide({ name: byteStringOfText(name) as string as ByteName, kind, size: 1, besidePackage: false, holdsEnvironment: false }).kept;

test('letters are compared without case only where names have none, and only those of ASCII', () => {
  for (const ignoreCase of [false, true]) {
    const rules = rulesOf('*.LOG\nRead[A-Z]e\n\u00c9\n', { ignoreCase });
    assert.equal(keeps(rules, 'a.log'), !ignoreCase);
    assert.equal(keeps(rules, 'A.LOG'), false);
    assert.equal(keeps(rules, 'readme'), !ignoreCase);
    assert.equal(keeps(rules, '\u00c9'), false);
    assert.equal(keeps(rules, '\u00e9'), true);
  }
});

test('any content is a rule file, and any name is decided', () => {
  const bytes = fc.uint8Array({ maxLength: 60 });
  const pieces = fc.array(fc.constantFrom('*', '**', '/', '!', '[', ']', '\\', '(', ')', '{', '+', '.', '|', '^', '$', 'a', '\u0000', '\u00ff', ' ', '\n', '\r', '#', '-', '[:alpha:]'), { maxLength: 20 });
  const content = fc.oneof(bytes, pieces.map((each) => Uint8Array.from(each.join(''), (unit) => unit.charCodeAt(0))));
  const name = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((each) => String.fromCharCode(...each.map((byte) => (byte === 47 || byte === 0 ? 97 : byte))));
  fc.assert(
    fc.property(content, fc.array(name, { minLength: 1, maxLength: 4 }), (rules, path) => {
      let at = rulesOf(rules);
      for (const each of path) {
        if (each === '.' || each === '..') return;
        const decision = at.explain({ name: each as ByteName, kind: 'directory', size: 0, besidePackage: false, holdsEnvironment: false });
        assert.ok(decisionText(decision).length > 0);
        if (!decision.kept) return;
        at = at.child(each as ByteName, none);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a pattern of many stars does not take for ever', () => {
  const rules = rulesOf(`${'*a'.repeat(30)}\n${'**/'.repeat(30)}x\n`);
  const started = performance.now();
  for (let i = 0; i < 20; i++) keeps(rules, `${'a'.repeat(200)}b${i}`);
  assert.ok(performance.now() - started < 5_000);
});

test('asking about very many names keeps answering, and right', () => {
  const rules = rulesOf('f*7\n');
  for (let i = 0; i < 50_000; i++) assert.equal(keeps(rules, `f${i}`), i % 10 !== 7);
});

test('only names that a restore makes are its own', () => {
  const token = '0123456789abcdef';
  assert.ok(isOwnSiblingName(ownSiblingName(token, 'tmp')) && isOwnSiblingName(ownSiblingName(token, 'aside')));
  for (const name of ['.holdfast-0123456789abcde.tmp', '.holdfast-0123456789ABCDEF.tmp', 'x.holdfast-0123456789abcdef.tmp', '.holdfast-0123456789abcdef.tmp2', '.holdfastignore']) {
    assert.ok(!isOwnSiblingName(name), name);
  }
});
