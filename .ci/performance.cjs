// What .ci/performance needs: a Makefile of a run's cells, the shells of a run, and the table.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');

const read = file => JSON.parse(fs.readFileSync(file, 'utf8'));
const quoted = word => `'${word.replaceAll("'", "'\\''")}'`;

// A directory for each cell, with what the command gives it, and a rule that runs its shell there.
function make(results, directory, command) {
  const { cells, programs } = read(results);
  const guests = {};
  const rules = [];
  for (const cell of cells.filter(cell => cell.arguments.length > 0)) {
    const { number, program } = cell;
    const name = cell.case;
    guests[name] ||= execFileSync(command, ['build', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const stage = path.join(directory, String(number));
    fs.mkdirSync(path.join(stage, 'js'), { recursive: true });
    fs.cpSync('js/lib', path.join(stage, 'js/lib'), { recursive: true });
    fs.cpSync(path.join('js/cases', name), path.join(stage, 'js/cases', name), { recursive: true });
    fs.copyFileSync(guests[name], path.join(stage, 'guest.wasm'));
    const glue = guests[name].replace(/_bg\.wasm$/, '.js');
    if (glue !== guests[name]) fs.copyFileSync(glue, path.join(stage, 'glue.js'));
    const line = [programs[program].program, ...cell.arguments].map(quoted).join(' ').replaceAll('$', '$$');
    rules.push({ number, seconds: cell.seconds, text: `cell-${number}:\n\tcd ${number} && ${line} >/dev/null 2>&1 || true\n` });
  }
  // The longest first, as the command runs them.
  rules.sort((one, other) => other.seconds - one.seconds);
  const all = rules.map(({ number }) => `cell-${number}`).join(' ');
  fs.writeFileSync(path.join(directory, 'Makefile'), `all: ${all}\n.PHONY: all ${all}\n\n${rules.map(({ text }) => text).join('\n')}`);
}

function shells(results) {
  const { programs } = read(results);
  for (const { shell, host, program } of programs) if (!host) console.log(`${shell}\t${program}`);
}

const median = all => all.toSorted((one, other) => one - other)[all.length >> 1];
const figure = value => value.toFixed(2);

function table(directory) {
  const of = name => {
    const { results } = read(path.join(directory, `${name}.json`));
    return results.map(({ command, median: wall, user, system }) => ({ command, wall, cpu: user + system }));
  };
  const rows = [];
  const add = (what, ratios, one, other) => {
    const range = ratios.length > 1 ? ` (${figure(Math.min(...ratios))} to ${figure(Math.max(...ratios))})` : '';
    rows.push(`| ${what} | ${figure(median(ratios))}${range} | ${one} | ${other} |`);
  };
  const seconds = all => `${figure(median(all))} s`;
  const cores = os.availableParallelism();
  const warm = [1, 2, 3].map(run => of(`warm-${run}`));
  const [ours, makes] = [0, 1].map(index => warm.map(run => run[index]));
  const wall = all => all.map(one => one.wall);
  add('all cells, by `make`', warm.map(([own, make]) => own.wall / make.wall), seconds(wall(ours)), seconds(wall(makes)));
  const shared = makes.map(({ cpu }) => cpu / cores);
  add('all cells, by the shells\' processor time over the cores', ours.map((own, run) => own.wall / shared[run]), seconds(wall(ours)), seconds(shared));
  const cpu = all => all.map(one => one.cpu);
  add('processor time, by the shells\'', warm.map(([own, make]) => own.cpu / make.cpu), seconds(cpu(ours)), seconds(cpu(makes)));
  const first = [1, 2, 3].map(run => of(`first-line-${run}`));
  add('the first line, by the whole run', first.map(([line, whole]) => line.wall / whole.wall), seconds(first.map(run => run[0].wall)), seconds(first.map(run => run[1].wall)));
  for (const file of fs.readdirSync(directory).filter(name => name.startsWith('long-'))) {
    const [own, shell] = of(file.replace('.json', ''));
    add(`100 MB printed by ${file.slice(5, -5)}, by the shell alone`, [own.wall / shell.wall], seconds([own.wall]), seconds([shell.wall]));
  }
  const [guest, both] = of('first-guest');
  add('the first guest with nothing built, by both crates', [guest.wall / both.wall], seconds([guest.wall]), seconds([both.wall]));
  console.log(`| what, by what | ratio | one | other |\n| --- | --- | --- | --- |\n${rows.join('\n')}`);
}

const [what, ...rest] = process.argv.slice(2);
({ make, shells, table })[what](...rest);
