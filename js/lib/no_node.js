// Stands in for a module of Node.js in a bundle for a shell, where it is imported but hardly used.
module.exports = {};
