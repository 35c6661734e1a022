// Shows only the cells that the form asks for. What it asks for is in the address, after what is
// jumped to: `#case-3&engine=v8&verdict=leaks`. Without this script the page shows everything.
'use strict';

const form = document.getElementById('filter');
const cells = new Map();
for (const td of document.querySelectorAll('td[data-cell]')) {
  const { cell, engine, verdict, outcome } = td.dataset;
  const name = td.parentElement.dataset.name.toLowerCase();
  cells.set(cell, { td, name, engine, verdicts: verdict.split(' '), outcome });
}

function matches(cell, wanted) {
  return cell.name.includes(wanted.case.trim().toLowerCase()) &&
    (!wanted.engine || cell.engine === wanted.engine) &&
    (!wanted.verdict || cell.verdicts.includes(wanted.verdict)) &&
    (!wanted.outcome || cell.outcome === wanted.outcome);
}

function show() {
  const wanted = Object.fromEntries(new FormData(form));
  const shown = new Set();
  for (const [number, cell] of cells) {
    const fits = matches(cell, wanted);
    cell.td.classList.toggle('off', !fits);
    if (fits) shown.add(number);
  }
  for (const part of document.querySelectorAll('[data-of]')) {
    part.toggleAttribute('hidden', !shown.has(part.dataset.of));
  }
  for (const part of document.querySelectorAll('[data-any]')) {
    part.toggleAttribute('hidden', !part.dataset.any.split(' ').some((number) => shown.has(number)));
  }
  for (const part of document.querySelectorAll('[data-column]')) {
    part.toggleAttribute('hidden', wanted.engine !== '' && part.dataset.column !== wanted.engine);
  }
  document.getElementById('shown').textContent = `${shown.size} of ${cells.size} cells are shown`;
}

function fromAddress() {
  const parts = location.hash.slice(1).split('&').filter((part) => part.includes('='));
  // A jump within the page says nothing of what to show.
  if (parts.length === 0 && location.hash.length > 1) return toAddress();
  const wanted = new URLSearchParams(parts.join('&'));
  for (const field of form.elements) {
    if (field.name) field.value = wanted.get(field.name) ?? '';
    // A value that is no option.
    if (field.selectedIndex === -1) field.value = '';
  }
  show();
  const [target] = location.hash.slice(1).split('&');
  if (target && !target.includes('=')) document.getElementById(target)?.scrollIntoView();
}

function toAddress() {
  const wanted = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ''));
  const [target] = location.hash.slice(1).split('&');
  const parts = [target.includes('=') ? '' : target, wanted.toString()].filter((part) => part !== '');
  history.replaceState(null, '', `#${parts.join('&')}`);
}

form.hidden = false;
form.addEventListener('input', () => { show(); toAddress(); });
form.addEventListener('reset', () => setTimeout(() => { show(); toAddress(); }));
form.addEventListener('submit', (event) => event.preventDefault());
addEventListener('hashchange', fromAddress);
fromAddress();
