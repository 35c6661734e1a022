// Runs the steps of action.yml as GitHub does, in a made-up repository with a case that
// leaks and one that does not, and reads the reports with somebody else's reader.
// Run it by .ci/action, which installs `yaml` and `junit2json`.
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parse } = require('yaml');
const junit = require('junit2json');

const root = path.resolve(__dirname, '..');
const action = parse(fs.readFileSync(path.join(root, 'action.yml'), 'utf8'));
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'wasm-leaks action '));
process.on('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));

function write(name, text) {
  const file = path.join(scratch, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return file;
}

// Of a file `NAME=VALUE`, as $GITHUB_OUTPUT has them.
function outputs(file) {
  const lines = fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return Object.fromEntries(lines.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

// The exit status of the first step that fails, what it printed, and the values of outputs.
function run(given) {
  const inputs = {};
  for (const [name, { default: value, required }] of Object.entries(action.inputs)) {
    inputs[name] = given[name] ?? value;
    assert(inputs[name] !== undefined && !(required && inputs[name] === ''), `the input ${name} is required`);
  }
  const steps = {};
  const context = { inputs, steps, runner: { temp: path.join(scratch, 'temp') }, github: { action_path: root } };
  const fill = text => String(text).replace(/\$\{\{ *([\w.]+) *\}\}/g, (_, words) => {
    const value = words.split('.').reduce((object, name) => object[name], context);
    assert(value !== undefined, `${words} has no value`);
    return value;
  });
  for (const step of action.runs.steps.filter(step => step.run)) {
    assert.equal(step.shell, 'bash', step.name);
    assert(!/\$\{\{/.test(step.run), `${step.name}: an input would be a part of the script`);
    const output = write('output', '');
    const script = write('step.sh', step.run);
    const env = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, fill(value)]));
    const result = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      cwd: step['working-directory'] ? fill(step['working-directory']) : path.join(scratch, 'repository'),
      env: {
        ...process.env,
        CARGO_TARGET_DIR: path.join(root, 'target/installed'),
        GITHUB_ACTIONS: 'true',
        GITHUB_WORKSPACE: path.join(scratch, 'repository'),
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: path.join(scratch, 'summary.md'),
        ...env,
      },
      encoding: 'utf8',
    });
    if (step.id) steps[step.id] = { outputs: outputs(output) };
    if (result.status !== 0) return { ...result, step: step.name, outputs: named() };
  }
  return { status: 0, outputs: named() };

  function named() {
    return Object.fromEntries(Object.entries(action.outputs).map(([name, { value }]) => [name, fill(value)]));
  }
}

async function main() {
  fs.mkdirSync(path.join(scratch, 'temp'));
  write('repository/package.json', '{}');
  write('repository/tests/leak/test.mjs', 'const all = [];\nexport function test(n) {\n  for (; n > 0; n--) all.push({ n });\n}\n');
  write('repository/tests/no leak $(exit 9)/test.mjs', 'export function test(n) { while (n > 0) n--; }\n');
  const engines = process.argv.slice(2).join('\n');

  const fine = run({ cases: 'tests/no leak $(exit 9)', engines, args: '--rounds=100' });
  assert.equal(fine.status, 0, `${fine.step}: ${fine.stderr}`);
  const both = run({ cases: 'tests/leak\ntests/no leak $(exit 9)\n', engines, args: '--rounds=100\n--jobs=1' });
  assert.equal(both.status, 1, `${both.step}: ${both.stderr}`);
  assert.match(both.stderr, /^::error file=tests\/leak\/test\.mjs,/m);

  const report = await junit.parse(fs.readFileSync(both.outputs.junit, 'utf8'));
  const { programs, cells } = JSON.parse(fs.readFileSync(both.outputs.results, 'utf8'));
  assert.deepEqual([report.tests, report.failures, report.errors], [cells.length, programs.length, 0]);
  for (const { testcase } of report.testsuite) {
    assert.deepEqual(testcase.map(({ name }) => name), ['tests/leak', 'tests/no leak $(exit 9)']);
    assert.match(testcase[0].failure[0].inner, /the verdict is `leaks`/);
    assert.equal(testcase[1].failure, undefined);
  }
  assert.match(fs.readFileSync(path.join(scratch, 'summary.md'), 'utf8'), /^\| leak \| \*\*FAILED\*\* leaks/m);
  console.log(`action.yml: ${cells.length} cells, of which ${report.failures} leak`);
}

main();
