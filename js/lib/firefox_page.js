// Only in Firefox: what is alive in a page, as its driver asks for it. Runs with the browser's
// own rights in the process of the page, after debugger_census.js.
'use strict';

let census = null;
function watchPage() {
  const { addDebuggerToGlobal } = ChromeUtils.importESModule('resource://gre/modules/jsdebugger.sys.mjs');
  addDebuggerToGlobal(globalThis);
  const debug = new Debugger();
  // Compiled as without a debugger.
  debug.allowUnobservedWasm = true;
  debug.allowUnobservedAsmJS = true;
  debug.addDebuggee(window.wrappedJSObject);
  census = debuggerCensus(debug, String);
}

// The bytes of the objects and strings of the tab. Compiled code comes and goes.
function tabBytes() {
  const manager = Cc['@mozilla.org/memory-reporter-manager;1'].getService(Ci.nsIMemoryReporterManager);
  const found = Array.from({ length: 9 }, () => ({}));
  manager.sizeOfTab(window, ...found);
  const { 0: objects, 1: strings } = found;
  return objects.value + strings.value;
}

globalThis.answerDriver = (what, done) => {
  if (what !== 'bytes' && census === null) watchPage();
  const value = what === 'bytes' ? tabBytes() : census[what]();
  done({ value: value === undefined ? null : value });
};
