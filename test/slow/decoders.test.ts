// The fuzzing of all decoders (engine/core/decoders.test.ts) once more, with another seed and many more mutations.
process.env['FUZZ_MUTATIONS'] = '150000';
process.env['FUZZ_SEED'] = '2';
await import('../../engine/core/decoders.test.ts');
export {};
