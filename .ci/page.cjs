// Looks at a page in Chromium, through its debugging pipe. Prints what is wrong, and exits with 1 if anything is.
'use strict';

const { spawn } = require('node:child_process');
const { mkdtempSync, rmSync, readFileSync, statSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const { pathToFileURL } = require('node:url');

const words = process.argv.slice(2);
const quick = words[0] === '--quick';
const file = path.resolve(words.at(-1));
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const wrong = [];

// 30 cases on 9 programs fit into 1 MiB.
const cells = 270;
const largest = 1 << 20;

const profile = mkdtempSync(path.join(tmpdir(), 'page-'));
const browser = spawn('chromium', ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking',
  `--user-data-dir=${profile}`, '--remote-debugging-pipe', 'about:blank'],
{ stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });

// Messages end with a NUL.
const waiting = new Map();
const listeners = [];
let received = '';
browser.stdio[4].setEncoding('utf8');
browser.stdio[4].on('data', (data) => {
  received += data;
  const messages = received.split('\0');
  received = messages.pop();
  for (const message of messages.map((text) => JSON.parse(text))) {
    if (message.id === undefined) listeners.forEach((listener) => listener(message));
    else waiting.get(message.id)(message);
  }
});
let last = 0;
function send(method, params = {}, sessionId = undefined) {
  const id = ++last;
  browser.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
  return new Promise((resolve, reject) => waiting.set(id, ({ result, error }) => {
    if (error) reject(new Error(`${method}: ${error.message}`));
    else resolve(result);
  }));
}

async function open({ width, dark, scripts }) {
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  const name = `${width} pixels, ${dark ? 'dark' : 'light'}${scripts ? '' : ', without scripts'}`;
  const fail = (text) => wrong.push(`${name}: ${text}`);
  const call = (method, params) => send(method, params, sessionId);
  const url = pathToFileURL(file).href;
  const loaded = new Promise((resolve) => listeners.push((event) => {
    if (event.sessionId !== sessionId) return;
    const { method, params } = event;
    if (method === 'Page.loadEventFired') resolve();
    if (method === 'Runtime.exceptionThrown') fail(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === 'Log.entryAdded' && params.entry.level === 'error') fail(params.entry.text);
    if (method === 'Runtime.consoleAPICalled' && params.type === 'error') fail('console.error was called');
    if (method === 'Network.requestWillBeSent' && params.request.url.split('#')[0] !== url) {
      fail(`a request: ${params.request.url}`);
    }
  }));
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await call(`${domain}.enable`);
  await call('Emulation.setDeviceMetricsOverride', { width, height: 1000, deviceScaleFactor: 1, mobile: false });
  const features = [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }];
  await call('Emulation.setEmulatedMedia', { features });
  await call('Emulation.setScriptExecutionDisabled', { value: !scripts });
  await call('Page.navigate', { url });
  await loaded;
  await call('Emulation.setScriptExecutionDisabled', { value: false });
  async function evaluate(expression) {
    const { result, exceptionDetails } = await call('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }
  return { name, fail, evaluate, call, close: () => send('Target.closeTarget', { targetId }) };
}

// What the page itself can tell, in one expression.
const LOOK = `(() => {
  const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getBoundingClientRect().height > 5;
  const plots = [...document.querySelectorAll('svg.plot')];
  const curves = [...document.querySelectorAll('svg.plot .curve')];
  return {
    plots: plots.length,
    visible: plots.filter(seen).length,
    empty: curves.filter((curve) => !/^M[\\d. ]+$/.test(curve.getAttribute('d'))).length,
    outside: curves.filter((curve) => {
      const [, , width, height] = curve.ownerSVGElement.getAttribute('viewBox').split(' ').map(Number);
      const box = curve.getBBox();
      return box.x < 0 || box.y < 0 || box.x + box.width > width || box.y + box.height > height;
    }).length,
    unnamed: plots.filter((plot) => !plot.querySelector('title')?.textContent || !plot.querySelector('desc')?.textContent).length,
    cells: document.querySelectorAll('td[data-cell]').length,
    articles: [...document.querySelectorAll('article')].filter(seen).length,
    astray: [...document.querySelectorAll('a[href^="#"]')].filter((link) => !document.getElementById(link.hash.slice(1))).length,
    allArticles: document.querySelectorAll('article').length,
    bars: [...document.querySelectorAll('rect.bar')].filter((bar) => bar.getBoundingClientRect().width < 0.2).length,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  };
})()`;

async function look(how) {
  const page = await open(how);
  const found = await page.evaluate(LOOK);
  const isEmpty = found.plots === 0 || found.visible === 0;
  if (isEmpty) page.fail('no plot is visible');
  else if (found.visible < found.plots) page.fail(`${found.plots - found.visible} plots are not visible`);
  for (const [name, text] of [['empty', 'curves have no points'], ['outside', 'curves leave their plots'],
    ['unnamed', 'plots have no title or description'], ['bars', 'bars cannot be seen'],
    ['astray', 'links lead nowhere']]) {
    if (found[name] > 0) page.fail(`${found[name]} ${text}`);
  }
  const { size } = statSync(file);
  if (size > largest * Math.max(1, found.cells / cells)) page.fail(`${size} bytes are too many for ${found.cells} cells`);
  if (found.articles < found.allArticles) page.fail('cases are hidden');
  if (found.overflow > 0) page.fail(`it is ${found.overflow} pixels wider than the window`);
  if (how.scripts) {
    const violations = await page.evaluate(`${axe}; axe.run().then(({ violations }) => violations.map(({ id, nodes }) =>
      id + ' at ' + nodes.slice(0, 3).map((node) => node.target.join(' ')).join(', ')))`);
    for (const violation of violations) page.fail(`axe: ${violation}`);
    if (!quick && how.width > 1000) await filter(page);
  }
  if (!quick) {
    const { data } = await page.call('Page.captureScreenshot', { format: 'png' });
    writeFileSync(path.join(path.dirname(file), `${page.name.replaceAll(/\W+/g, '-')}.png`), data, 'base64');
  }
  await page.close();
}

// The filters are in the address, and back in the form.
async function filter(page) {
  const found = await page.evaluate(`(async () => {
    const form = document.getElementById('filter');
    const cells = [...document.querySelectorAll('td[data-cell]')];
    const { engine } = cells[0].dataset;
    location.hash = '#matrix&engine=' + engine;
    await new Promise((resolve) => setTimeout(resolve, 50));
    const shown = cells.filter((td) => !td.classList.contains('off') && !td.hidden);
    const sections = [...document.querySelectorAll('section.cell')].filter((section) => !section.hidden).length;
    form.elements.outcome.value = 'ok';
    form.dispatchEvent(new Event('input'));
    return { engine, form: form.elements.engine.value, foreign: shown.filter((td) => td.dataset.engine !== engine).length,
      shown: shown.length, sections, hash: location.hash };
  })()`);
  const { engine, hash } = found;
  if (found.form !== engine || found.foreign > 0 || found.shown === 0 || found.sections !== found.shown ||
      hash !== `#matrix&engine=${engine}&outcome=ok`) {
    page.fail(`the filter does not follow the address: ${JSON.stringify(found)}`);
  }
}

async function main() {
  const wide = { width: 1280, dark: false, scripts: true };
  const narrow = { width: 390, dark: false, scripts: true };
  const ways = quick ? [wide] : [wide, { ...wide, dark: true }, narrow, { ...narrow, dark: true },
    { ...narrow, scripts: false }];
  for (const how of ways) await look(how);
  await send('Browser.close');
}

async function end(status) {
  // It ends by itself once it is closed, and its helpers with it; they write until then.
  const ended = browser.exitCode !== null || new Promise((resolve) => browser.once('exit', resolve));
  await Promise.race([ended, pause(5000)]);
  browser.kill('SIGKILL');
  for (let tries = 0; ; tries++) {
    try {
      rmSync(profile, { recursive: true, force: true });
      break;
    } catch (error) {
      if (tries === 50) {
        console.log(`${profile} stays: ${error.message}`);
        break;
      }
      await pause(100);
    }
  }
  process.exit(status);
}

setTimeout(() => {
  console.log('Chromium does not answer');
  end(2);
}, 300_000).unref();

main().then(
  () => {
    wrong.forEach((line) => console.log(line));
    end(wrong.length > 0 ? 1 : 0);
  },
  (error) => {
    console.log(error.stack);
    end(2);
  },
);
