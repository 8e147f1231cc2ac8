import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackupError, errorCodes } from '../base/errors.ts';
import type { BytePath } from '../engine/core/byteString.ts';
import type { InPlaceReport } from '../engine/run/restore/restoreReport.ts';
import type { RestorePreview } from './messages/engineCalls.ts';
import { errorText, explainError, previewText, restoredText, totalsText, totalsWithout } from './text.ts';

const path = (text: string): BytePath => text as BytePath;
const totals = { files: 2, directories: 0, symlinks: 0, bytes: 8, replaced: 2, deleted: 0, meta: 0, same: 1 };

test('every failure says what happened, what is safe and what to do', () => {
  for (const code of errorCodes) {
    const { happened, safe, next } = explainError(new BackupError(code, 'It said no'));
    assert.equal(happened, 'It said no.');
    assert.match(safe, /\.$/, code);
    assert.match(next, /\.$/, code);
  }
  assert.match(errorText(new Error('oops')), /inside Holdfast: oops\. Your files are untouched.*log\.$/);
});

test('another certificate is not answered by signing in just so', () => {
  const { next, action } = explainError(new BackupError('denied', 'Another certificate.', { reason: 'certificate' }));
  assert.match(next, /Ask whoever runs the server/);
  assert.equal(action, 'sign-in');
});

const preview: RestorePreview = {
  totals,
  actions: [{ kind: 'replace', path: path('a.txt') }, { kind: 'replace', path: path('b.txt') }],
  actionsTotal: 2,
  refused: [],
};

test('a preview lists what would be done, and what is left out because it is edited', () => {
  const text = previewText({ preview, unsaved: [path('a.txt')] });
  assert.match(text, /^overwrite {2}b\.txt\n\nLeft out, because of unsaved changes in an editor:\na\.txt\n/);
  assert.match(text, /backed up first/);
  assert.equal(totalsText(totalsWithout(totals, { created: 0, replaced: 1 })), 'write 1 file, overwrite 1');
});

test('a long preview is cut, and says by how much', () => {
  const actions = Array.from({ length: 100 }, (_, n) => ({ kind: 'create' as const, path: path(`f${n}`) }));
  assert.match(previewText({ preview: { ...preview, actions, actionsTotal: 5_000 }, unsaved: [] }), /… and 4,970 more/);
});

const report: InPlaceReport = { totals, refused: [], failed: [], keptBeside: [], left: [], before: undefined, asides: 'dropped' };

test('a restore that is not complete never looks it', () => {
  assert.equal(restoredText({ what: 'a is restored', report, unsaved: [] }), 'a is restored: 2 files written (8 B), 2 overwritten.');
  const refused = [{ path: path('a.txt'), reason: 'uncapturable' }] as const;
  assert.equal(
    restoredText({ what: 'a is restored', report: { ...report, refused }, unsaved: [path('a.txt'), path('z.txt')] }),
    'a is restored: 1 file written, 1 overwritten. 1 file with unsaved changes left out.',
  );
  assert.match(restoredText({ what: 'a is restored', report: { ...report, refused }, unsaved: [] }), /^a is restored, but not completely: .*1 path refused: a\.txt/);
  const failed = [{ path: path('b'), code: 'EACCES', message: 'denied' }] as unknown as InPlaceReport['failed'];
  assert.match(restoredText({ what: 'a is restored', report: { ...report, failed }, unsaved: [] }), /not completely.*1 path failed: b \(denied\)/);
});
