// Checks results against docs/results.schema.json, and that the schema finds what is wrong with
// them: each member that it requires is left out in turn, or is of another type.
'use strict';

const fs = require('node:fs');
const Ajv = require('ajv/dist/2020').default;

const read = file => JSON.parse(fs.readFileSync(file, 'utf8'));
const schema = read('docs/results.schema.json');
const isValid = new Ajv({ strict: true, strictRequired: true, allowUnionTypes: true }).compile(schema);

let wrong = 0;
const fail = text => {
  wrong++;
  console.error(text);
};

for (const file of process.argv.slice(2)) {
  if (!isValid(read(file))) fail(`${file}: ${JSON.stringify(isValid.errors)}`);
}

const definition = node => (node.$ref ? schema.$defs[node.$ref.split('/').pop()] : node);

// Visits each object of the results with what the schema says of it.
function visit(node, value, found) {
  const known = definition(node);
  const choices = known.anyOf || known.oneOf;
  if (choices) {
    if (value === null) return;
    const fitting = choices.map(definition).find(choice => !choice.properties?.kind?.const || choice.properties.kind.const === value.kind);
    visit(fitting, value, found);
  } else if (Array.isArray(value)) {
    if (known.items) value.forEach(one => visit(known.items, one, found));
  } else if (typeof value === 'object' && value !== null && known.properties) {
    found(known, value);
    for (const name in known.properties) if (name in value) visit(known.properties[name], value[name], found);
  }
}

const [sample] = process.argv.slice(2).map(read);
let tried = 0;
visit(schema, sample, (known, value) => {
  for (const name of known.required || []) {
    const before = value[name];
    for (const bad of [undefined, Symbol.for('another type')]) {
      if (bad === undefined) delete value[name];
      else value[name] = typeof before === 'object' && before !== null ? 7 : { odd: true };
      tried++;
      if (isValid(sample)) fail(`the schema does not see that \`${name}\` is ${bad ? 'of another type' : 'missing'}: ${known.description}`);
      value[name] = before;
    }
  }
});
if (tried < 100) fail(`only ${tried} damages were tried`);
if (!isValid(sample)) fail('a damage was not undone');
console.log(`${process.argv.length - 2} files are valid, and ${tried} damages are seen`);
process.exit(wrong ? 1 : 0);
